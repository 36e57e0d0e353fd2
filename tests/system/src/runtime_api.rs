//! A Lambda Runtime API on loopback, with one function's process that uses it (AWS Lambda Developer Guide, "Using the Lambda
//! runtime API for custom runtimes").

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use local_stack::function::{Function, FunctionError, Invocation, MAX_RESPONSE};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::sync::{Notify, mpsc, oneshot};

const API: &str = "/2018-06-01/runtime";

type Answer = Result<Bytes, FunctionError>;

struct Work {
    payload: Bytes,
    invocation: Invocation,
    answer: oneshot::Sender<Answer>,
}

/// The state of the Runtime API: work that waits for the function, and work that the function has received.
struct RuntimeApi {
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<Work>>,
    taken: Mutex<HashMap<String, oneshot::Sender<Answer>>>,
    /// Notified when the function requests work.
    asked: Notify,
}

/// A function's process. Dropping it ends the process.
pub struct Process {
    work: mpsc::UnboundedSender<Work>,
    api: Arc<RuntimeApi>,
    /// The process, with its output pipes.
    pub child: Child,
    /// The time at which it was started.
    pub started: Instant,
    _server: AbortOnDrop,
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Function for Process {
    fn invoke(&self, payload: Bytes, invocation: Invocation) -> BoxFuture<'static, Answer> {
        let (answer, answered) = oneshot::channel();
        let sent = self.work.send(Work { payload, invocation, answer });
        Box::pin(async move {
            let gone = || FunctionError::Unreachable("the process is gone".to_owned());
            sent.map_err(|_| gone())?;
            answered.await.map_err(|_| gone())?
        })
    }
}

impl Process {
    /// Starts a command as the function `name`, with only this environment and the variables that Lambda adds.
    pub async fn start(mut command: Command, name: &str, environment: &BTreeMap<String, String>) -> io::Result<Self> {
        let (work, waiting) = mpsc::unbounded_channel();
        let api = Arc::new(RuntimeApi { waiting: waiting.into(), taken: Mutex::default(), asked: Notify::new() });
        let listener = tokio::net::TcpListener::bind(embedded_dynamodb::ANY_PORT).await?;
        let address = listener.local_addr()?;
        let routes = Router::new()
            .route(&format!("{API}/invocation/next"), get(next))
            .route(&format!("{API}/invocation/{{id}}/response"), post(response))
            .route(&format!("{API}/invocation/{{id}}/error"), post(error))
            // `response` rejects a body that is too large. It must receive the whole body to report its size.
            .layer(DefaultBodyLimit::max(8 * MAX_RESPONSE))
            .with_state(Arc::clone(&api));
        let server = AbortOnDrop(tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() }));
        command
            .env_clear()
            .envs(environment)
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}"))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "local")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let started = Instant::now();
        let child = command.spawn()?;
        Ok(Self { work, api, child, started, _server: server })
    }

    /// Waits until the function requests its first work, which ends Lambda's init phase. Call it once, before work is sent.
    pub async fn ready(&mut self) -> io::Result<()> {
        tokio::select! {
            () = self.api.asked.notified() => Ok(()),
            ended = self.child.wait() => Err(io::Error::other(format!("it ended before it was ready: {}", ended?))),
        }
    }

    /// Sends work to the function, and waits for the response. Returns an error if the process ends.
    pub async fn work(&mut self, payload: Bytes, invocation: Invocation) -> Answer {
        let answer = self.invoke(payload, invocation);
        tokio::select! {
            answer = answer => answer,
            ended = self.child.wait() => Err(FunctionError::Unreachable(format!("it ended over its work: {ended:?}"))),
        }
    }

    /// Ends the process with SIGTERM, on which valgrind writes its counts, and waits for it.
    pub async fn end(mut self) -> io::Result<()> {
        if let Some(id) = self.child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)) {
            kill_process(id, Signal::TERM)?;
        }
        self.child.wait().await.map(drop)
    }
}

async fn next(State(api): State<Arc<RuntimeApi>>) -> (HeaderMap, Bytes) {
    api.asked.notify_one();
    // No work follows after the stack has stopped, so this waits until the process is ended.
    let Some(work) = api.waiting.lock().await.recv().await else { return std::future::pending().await };
    let value = |text: String| HeaderValue::from_str(&text).unwrap();
    let headers = [
        ("lambda-runtime-aws-request-id", work.invocation.request_id.clone()),
        ("lambda-runtime-deadline-ms", work.invocation.deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", work.invocation.function_arn),
        ("lambda-runtime-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793".to_owned()),
    ];
    api.taken.lock().unwrap().insert(work.invocation.request_id, work.answer);
    let headers = headers.into_iter().map(|(name, text)| (HeaderName::from_static(name), value(text)));
    (headers.collect(), work.payload)
}

/// Rejects a response that is too large with 413, as the Runtime API does. The invocation then fails.
async fn response(State(api): State<Arc<RuntimeApi>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    if body.len() > MAX_RESPONSE {
        answer(&api, &id, Err(FunctionError::ResponseTooLarge { bytes: body.len() }));
        return StatusCode::PAYLOAD_TOO_LARGE;
    }
    answer(&api, &id, Ok(body))
}

async fn error(State(api): State<Arc<RuntimeApi>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    let message = String::from_utf8_lossy(&body).into_owned();
    answer(&api, &id, Err(FunctionError::Handler { error_type: "Runtime".to_owned(), message }))
}

fn answer(api: &RuntimeApi, id: &str, answer: Answer) -> StatusCode {
    let Some(waiting) = api.taken.lock().unwrap().remove(id) else { return StatusCode::BAD_REQUEST };
    // The caller may have stopped waiting at its time-out.
    let _ = waiting.send(answer);
    StatusCode::ACCEPTED
}
