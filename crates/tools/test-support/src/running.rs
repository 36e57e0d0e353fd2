//! `orders local` in a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// The arguments of a stack on free ports.
pub const ON_FREE_PORTS: [&str; 7] = ["local", "--port", "0", "--dynamodb-port", "0", "--eventbridge-port", "0"];

/// A running stack. Dropping it kills the process.
#[derive(Debug)]
pub struct Running {
    /// The process.
    pub process: Child,
    /// The lines of its welcome message.
    pub welcome: Vec<String>,
}

impl Running {
    /// Starts a stack and waits until it is ready.
    #[must_use]
    pub fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let welcome = lines.by_ref().take_while(|line| !line.starts_with("Ctrl-C")).collect();
        Self { process, welcome }
    }

    /// Returns the URL that the welcome message shows after `label`.
    #[must_use]
    pub fn served(&self, label: &str) -> &str {
        self.welcome.iter().find(|line| line.contains(label)).unwrap().split_whitespace().last().unwrap()
    }

    /// Returns the URL of the API.
    #[must_use]
    pub fn api(&self) -> &str {
        self.served("HTTP API")
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}
