//! The real function binaries, each in a process of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use local_stack::{Functions, Surroundings};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use crate::runtime_api::Process;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Starts the function binaries in the stack's surroundings.
pub async fn functions(surroundings: &Surroundings) -> Result<Functions, Failure> {
    let mut functions = Functions::new();
    for (name, environment) in &surroundings.environments {
        functions.insert(name.clone(), Arc::new(start(name, environment, None).await?));
    }
    Ok(functions)
}

/// What binaries write on stdout and stderr, by their functions' names.
#[derive(Default)]
pub struct Written(JoinSet<(String, String)>);

impl Written {
    /// Everything, once the processes are gone.
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

/// Starts the function binaries with these variables besides, and keeps what they write.
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

/// The built binary, brought up to date once a run. `cargo test` builds a package's binaries for its integration tests;
/// with the same words as in the README nothing is left to build, and nothing is built a second time with other features.
pub async fn binary(name: &str) -> PathBuf {
    static FOLDER: OnceCell<PathBuf> = OnceCell::const_new();
    let folder = FOLDER.get_or_init(|| async {
        let built = Command::new(env!("CARGO"))
            .args(["test", "--workspace", "--no-run", "--quiet"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(built.await.unwrap().success(), "the binaries do not build");
        let test = std::env::current_exe().unwrap();
        test.parent().and_then(std::path::Path::parent).unwrap().to_owned()
    });
    folder.await.join(name)
}
