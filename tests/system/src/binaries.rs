//! The real function binaries, each in its own process.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use local_stack::{Functions, Surroundings};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use crate::runtime_api::Process;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Starts the function binaries in the stack's environment.
pub async fn functions(surroundings: &Surroundings) -> Result<Functions, Failure> {
    let mut functions = Functions::new();
    for (name, environment) in &surroundings.environments {
        functions.insert(name.clone(), Arc::new(start(name, environment, None).await?));
    }
    Ok(functions)
}

/// The stdout and stderr of the binaries, by function name.
#[derive(Default)]
pub struct Written(JoinSet<(String, String)>);

impl Written {
    /// Returns the complete output after the processes have ended.
    pub async fn to_the_end(self) -> BTreeMap<String, String> {
        let mut written = BTreeMap::<String, String>::new();
        for (name, text) in self.0.join_all().await {
            written.entry(name).or_default().push_str(&text);
        }
        written
    }

    fn keep(&mut self, name: &str, mut pipe: impl AsyncRead + Unpin + Send + 'static) {
        let name = name.to_owned();
        self.0.spawn(async move {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).await.unwrap();
            (name, String::from_utf8(bytes).unwrap())
        });
    }
}

/// Starts the function binaries with these additional variables, and keeps their output.
pub async fn overheard(
    surroundings: &Surroundings,
    variables: &[(&str, &str)],
    written: &mut Written,
) -> Result<Functions, Failure> {
    let mut functions = Functions::new();
    for (name, environment) in &surroundings.environments {
        let mut environment = environment.clone();
        environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        functions.insert(name.clone(), Arc::new(start(name, &environment, Some(written)).await?));
    }
    Ok(functions)
}

async fn start(
    name: &str,
    environment: &BTreeMap<String, String>,
    written: Option<&mut Written>,
) -> std::io::Result<Process> {
    let mut command = Command::new(binary(name).await);
    let Some(written) = written else {
        command.stdout(Stdio::null());
        return Process::start(command, name, environment).await;
    };
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = Process::start(command, name, environment).await?;
    written.keep(name, process.child.stdout.take().unwrap());
    written.keep(name, process.child.stderr.take().unwrap());
    Ok(process)
}

/// Returns the built binary, and brings it up to date once a run. `cargo test` builds a package's binaries for its
/// integration tests. With the same arguments as in the README, nothing remains to be built, and nothing is built twice with
/// other features. Cargo reports the paths, because the binaries need not be in the folder of this test.
pub async fn binary(name: &str) -> PathBuf {
    static BINARIES: OnceCell<BTreeMap<String, PathBuf>> = OnceCell::const_new();
    let binaries = BINARIES.get_or_init(|| async {
        let built = Command::new(env!("CARGO"))
            .args(["test", "--workspace", "--no-run", "--quiet", "--message-format=json"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stderr(Stdio::inherit())
            .output();
        let built = built.await.unwrap();
        assert!(built.status.success(), "the binaries do not build");
        let artifacts = serde_json::Deserializer::from_slice(&built.stdout).into_iter::<Value>().map(Result::unwrap);
        artifacts
            .filter(|it| it["target"]["kind"][0] == "bin" && it["profile"]["test"] == false)
            .filter_map(|it| named(&it))
            .collect()
    });
    binaries.await.get(name).unwrap_or_else(|| panic!("no package has a binary {name}")).clone()
}

fn named(artifact: &Value) -> Option<(String, PathBuf)> {
    Some((artifact["target"]["name"].as_str()?.to_owned(), artifact["executable"].as_str()?.into()))
}
