//! Schedules: functions that are invoked at a rate, like the functions that EventBridge invokes by the rules of the
//! template.

use std::sync::Arc;

use sam_template::Schedule;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::function::FunctionError;
use crate::invoker::Invoker;
use crate::pump::Timer;

/// The running schedules of a stack. When dropped, they end by themselves.
pub(crate) struct Schedules {
    schedules: Vec<Schedule>,
    invoker: Invoker,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Schedules {
    /// Starts schedules. Each invokes its function for the first time once its rate has passed, as on AWS.
    pub(crate) fn start(schedules: Vec<Schedule>, invoker: Invoker, timer: &Arc<dyn Timer>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let run = |schedule: &Schedule| {
            tokio::spawn(run(schedule.clone(), invoker.clone(), Arc::clone(timer), stopped.clone()))
        };
        let tasks = schedules.iter().map(run).collect();
        Self { schedules, invoker, stop, tasks }
    }

    /// Invokes the function of each schedule once, now.
    pub(crate) async fn run_once(&self) -> Result<(), FunctionError> {
        for schedule in &self.schedules {
            invoke(schedule, &self.invoker).await?;
        }
        Ok(())
    }

    /// Ends the schedules after the running invocations.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            let _panicked = task.await;
        }
    }
}

async fn run(schedule: Schedule, invoker: Invoker, timer: Arc<dyn Timer>, mut stopped: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = timer.sleep(schedule.rate) => {}
            _ = stopped.changed() => return,
        }
        if let Err(error) = invoke(&schedule, &invoker).await {
            tracing::warn!(function = schedule.function, %error, "a scheduled invocation failed");
        }
    }
}

async fn invoke(schedule: &Schedule, invoker: &Invoker) -> Result<(), FunctionError> {
    invoker.invoke(&schedule.function, schedule.payload.to_string().into()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::{Duration, SystemTime};

    use futures_util::future::BoxFuture;
    use lambda_runtime::{LambdaEvent, service_fn};
    use serde_json::{Value, json};
    use tokio::sync::{mpsc, oneshot};

    use super::*;
    use crate::function::event_function;

    /// A timer that the test controls: the test receives each sleep, with a sender that ends it.
    struct ByHand(mpsc::UnboundedSender<(Duration, oneshot::Sender<()>)>);

    impl Timer for ByHand {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH
        }

        fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
            let (end, ended) = oneshot::channel();
            self.0.send((duration, end)).unwrap();
            Box::pin(async move { ended.await.unwrap_or(()) })
        }
    }

    #[tokio::test]
    async fn a_schedule_invokes_its_function_each_time_its_rate_has_passed() {
        let (calls, mut called) = mpsc::unbounded_channel();
        let function = event_function(service_fn(move |event: LambdaEvent<Value>| {
            let calls = calls.clone();
            async move {
                calls.send(event.payload).unwrap();
                // A failure affects only this invocation.
                Err::<(), _>("out of paper")
            }
        }));
        let invoker = Invoker::new([("f".to_owned(), function)].into(), BTreeMap::new());
        let schedule = Schedule {
            logical_id: "Tick".to_owned(),
            rate: Duration::from_secs(300),
            function: "f".to_owned(),
            payload: json!({ "task": "tick" }),
        };
        let (sleeps, mut slept) = mpsc::unbounded_channel();
        let timer: Arc<dyn Timer> = Arc::new(ByHand(sleeps));
        let schedules = Schedules::start(vec![schedule], invoker, &timer);
        for _ in 0..3 {
            let (duration, end) = slept.recv().await.unwrap();
            assert_eq!(duration, Duration::from_secs(300));
            assert!(called.try_recv().is_err(), "not before its rate has passed");
            end.send(()).unwrap();
            assert_eq!(called.recv().await.unwrap(), json!({ "task": "tick" }));
        }
        let error = schedules.run_once().await.unwrap_err();
        assert!(error.to_string().ends_with("out of paper"), "{error}");
        schedules.stop().await;
    }
}
