//! Schedules: functions that are invoked at a rate, like the functions that EventBridge invokes by the rules of the
//! template.

use sam_template::Schedule;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::function::FunctionError;
use crate::invoker::Invoker;

/// The running schedules of a stack. When dropped, they end by themselves.
pub(crate) struct Schedules {
    schedules: Vec<Schedule>,
    invoker: Invoker,
    /// Dropping it ends the schedules after the running invocations.
    running: watch::Sender<()>,
    tasks: Vec<JoinHandle<()>>,
}

impl Schedules {
    /// Starts schedules. Each invokes its function for the first time once its rate has passed, as on AWS.
    pub(crate) fn start(schedules: Vec<Schedule>, invoker: &Invoker) -> Self {
        let (running, ended) = watch::channel(());
        let run = |schedule: &Schedule| tokio::spawn(run(schedule.clone(), invoker.clone(), ended.clone()));
        let tasks = schedules.iter().map(run).collect();
        Self { schedules, invoker: invoker.clone(), running, tasks }
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
        drop(self.running);
        for task in self.tasks {
            let _panicked = task.await;
        }
    }
}

async fn run(schedule: Schedule, invoker: Invoker, mut running: watch::Receiver<()>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(schedule.rate) => {}
            _stopped = running.changed() => return,
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
    use std::time::Duration;

    use lambda_runtime::{LambdaEvent, service_fn};
    use serde_json::{Value, json};
    use tokio::sync::mpsc;
    use tokio::time::Instant;

    use super::*;
    use crate::function::event_function;

    /// The paused clock moves on only while all tasks wait for it.
    #[tokio::test(start_paused = true)]
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
        let started = Instant::now();
        let schedules = Schedules::start(vec![schedule], &invoker);
        for invocation in 1..=3 {
            assert_eq!(called.recv().await.unwrap(), json!({ "task": "tick" }));
            assert_eq!(started.elapsed().as_secs(), invocation * 300);
        }
        let error = schedules.run_once().await.unwrap_err();
        assert!(error.to_string().ends_with("out of paper"), "{error}");
        schedules.stop().await;
    }
}
