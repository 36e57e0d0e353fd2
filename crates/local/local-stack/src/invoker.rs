//! A small version of the Lambda service: it finds a function by name, gives it a request id and a deadline, and survives
//! its failures.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use uuid::Uuid;

use crate::function::{Function, FunctionError, Invocation, MAX_RESPONSE};

/// The functions of a stack by their names in the template.
pub type Functions = BTreeMap<String, Arc<dyn Function>>;

/// Lambda's own default, for a function without a configured time-out.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3);

/// Invokes functions by name.
#[derive(Clone)]
pub struct Invoker {
    functions: Arc<Functions>,
    timeouts: Arc<BTreeMap<String, Duration>>,
}

impl Invoker {
    /// Creates an invoker of these functions. A function without an entry in `timeouts` has three seconds, as on AWS.
    #[must_use]
    pub fn new(functions: Functions, timeouts: BTreeMap<String, Duration>) -> Self {
        Self { functions: Arc::new(functions), timeouts: Arc::new(timeouts) }
    }

    /// Runs `name` once. A panic, a time-out or a reply that is too large is an error of this invocation only.
    pub async fn invoke(&self, name: &str, payload: Bytes) -> Result<Bytes, FunctionError> {
        let function =
            self.functions.get(name).ok_or_else(|| FunctionError::Unreachable(format!("no function {name}")))?;
        let timeout = self.timeouts.get(name).copied().unwrap_or(DEFAULT_TIMEOUT);
        let running = function.invoke(payload, invocation(name, timeout));
        // The handler runs in its own task, so that a panic ends only this task.
        let mut task = tokio::spawn(running);
        match tokio::time::timeout(timeout, &mut task).await {
            Ok(Ok(Ok(answer))) if answer.len() > MAX_RESPONSE => {
                Err(FunctionError::ResponseTooLarge { bytes: answer.len() })
            }
            Ok(Ok(answer)) => answer,
            Ok(Err(join)) if join.is_panic() => Err(FunctionError::Panicked),
            Ok(Err(join)) => Err(FunctionError::Unreachable(join.to_string())),
            Err(_elapsed) => {
                task.abort();
                Err(FunctionError::TimedOut(timeout))
            }
        }
    }
}

fn invocation(name: &str, timeout: Duration) -> Invocation {
    let deadline = (SystemTime::now() + timeout).duration_since(UNIX_EPOCH).unwrap_or_default();
    Invocation {
        request_id: Uuid::new_v4().to_string(),
        deadline_ms: u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX),
        function_arn: format!("arn:aws:lambda:local:000000000000:function:{name}"),
    }
}

#[cfg(test)]
mod tests {
    use lambda_runtime::{LambdaEvent, service_fn};
    use serde_json::Value;

    use super::*;
    use crate::function::event_function;

    fn invoker(function: Arc<dyn Function>, timeout: Duration) -> Invoker {
        Invoker::new([("f".to_owned(), function)].into(), [("f".to_owned(), timeout)].into())
    }

    #[tokio::test]
    async fn a_panic_is_an_error_of_that_invocation_alone() {
        let function = event_function(service_fn(|event: LambdaEvent<Value>| async move {
            assert!(!event.payload.is_null(), "no payload");
            Ok::<_, lambda_runtime::Error>(event.payload)
        }));
        let invoker = invoker(function, Duration::from_secs(60));
        assert!(matches!(invoker.invoke("f", "null".into()).await, Err(FunctionError::Panicked)));
        assert_eq!(invoker.invoke("f", "1".into()).await.unwrap(), "1");
    }

    #[tokio::test]
    async fn a_function_that_hangs_is_cut_off_at_its_time_out() {
        let function = event_function(service_fn(|_: LambdaEvent<Value>| {
            std::future::pending::<Result<(), lambda_runtime::Error>>()
        }));
        let answer = invoker(function, Duration::ZERO).invoke("f", "{}".into()).await;
        assert!(matches!(answer, Err(FunctionError::TimedOut(_))), "{answer:?}");
    }

    #[tokio::test]
    async fn an_answer_larger_than_lambda_takes_is_an_error() {
        let function = event_function(service_fn(|event: LambdaEvent<usize>| async move {
            // The reply is a JSON string: its quotation marks count too.
            Ok::<_, lambda_runtime::Error>("x".repeat(event.payload - 2))
        }));
        let invoker = invoker(function, Duration::from_secs(60));
        let answer = async |bytes: usize| invoker.invoke("f", bytes.to_string().into()).await;
        assert_eq!(answer(MAX_RESPONSE).await.unwrap().len(), MAX_RESPONSE);
        let refused = answer(MAX_RESPONSE + 1).await;
        assert!(matches!(refused, Err(FunctionError::ResponseTooLarge { bytes: 6_291_557 })), "{refused:?}");
    }

    #[tokio::test]
    async fn an_unknown_name_is_unreachable() {
        let answer = Invoker::new(Functions::new(), BTreeMap::new()).invoke("f", "{}".into()).await;
        assert!(matches!(answer, Err(FunctionError::Unreachable(_))));
    }
}
