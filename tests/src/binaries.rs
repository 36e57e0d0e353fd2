//! The real function binaries, each behind a Lambda Runtime API that the test serves on loopback
//! (AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes").

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use local_stack::function::{Function, FunctionError, Invocation};
use local_stack::{Functions, Surroundings};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::{OnceCell, mpsc, oneshot};
use tokio::task::JoinSet;

const API: &str = "/2018-06-01/runtime";

type Answer = Result<Bytes, FunctionError>;

struct Work {
    payload: Bytes,
    invocation: Invocation,
    answer: oneshot::Sender<Answer>,
}

/// The Runtime API's side: work that waits for the function, and work the function has taken.
struct RuntimeApi {
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<Work>>,
    taken: Mutex<HashMap<String, oneshot::Sender<Answer>>>,
}

/// One running binary. Dropping it ends the process.
struct Binary {
    work: mpsc::UnboundedSender<Work>,
    _process: Child,
    _server: AbortOnDrop,
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Function for Binary {
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
) -> std::io::Result<Binary> {
    let (work, waiting) = mpsc::unbounded_channel();
    let api = Arc::new(RuntimeApi { waiting: waiting.into(), taken: Mutex::default() });
    let listener = tokio::net::TcpListener::bind(embedded_dynamodb::ANY_PORT).await?;
    let address = listener.local_addr()?;
    let routes = Router::new()
        .route(&format!("{API}/invocation/next"), get(next))
        .route(&format!("{API}/invocation/{{id}}/response"), post(response))
        .route(&format!("{API}/invocation/{{id}}/error"), post(error))
        .with_state(api);
    let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let mut process = Command::new(binary(name).await)
        .env_clear()
        .envs(environment)
        .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}"))
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "local")
        .stdin(Stdio::null())
        .stdout(if written.is_some() { Stdio::piped() } else { Stdio::null() })
        .stderr(if written.is_some() { Stdio::piped() } else { Stdio::inherit() })
        .kill_on_drop(true)
        .spawn()?;
    if let Some(written) = written {
        written.keep(name, process.stdout.take().unwrap());
        written.keep(name, process.stderr.take().unwrap());
    }
    Ok(Binary { work, _process: process, _server: AbortOnDrop(server) })
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

async fn next(State(api): State<Arc<RuntimeApi>>) -> (HeaderMap, Bytes) {
    // No test asks for more once its stack is gone: then this waits until the process is ended.
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

async fn response(State(api): State<Arc<RuntimeApi>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
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
