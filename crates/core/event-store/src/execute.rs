//! Runs one command from load to append, for any aggregate: idempotency, optimistic concurrency and bounded retries.

use crate::{
    Aggregate, Appended, Commit, EventStore, Loaded, NewCommit, Request, StoreError, Timestamp, UpTo, backoff,
};

/// The number of attempts before a command fails with [`Failure::Contention`]. It is bounded, because rejected writes
/// are billed.
pub const MAX_ATTEMPTS: u32 = 10;
/// The longest pause before the third attempt, in milliseconds; it doubles with each further one. With these numbers,
/// at most about one of forty concurrent writers of one aggregate gives up.
const FIRST_PAUSE_MS: u64 = 20;
/// The longest pause of all, in milliseconds. Ten attempts pause for at most 3.3 s, and for half of that on average.
const LONGEST_PAUSE_MS: u64 = 1_000;

/// The context of a command: everything except the command itself.
#[derive(Debug, Clone, Copy)]
pub struct Invocation<'a> {
    /// The id of the aggregate.
    pub aggregate_id: &'a str,
    /// True if the aggregate is assumed not to exist yet. Then the command reads nothing first and needs only one
    /// write.
    pub creates: bool,
    /// The request that carries the command.
    pub request: &'a Request,
    /// The versions that the caller accepts, if it named any. The aggregate must be at one of them. An empty list
    /// accepts no version.
    pub expected_versions: Option<&'a [u64]>,
    /// The clock. It may jump or stop.
    pub clock: fn() -> Timestamp,
}

/// The rules that the store applies to a command.
pub trait Rules<A: Aggregate> {
    /// The reason why a command is rejected.
    type Refusal;

    /// Checks whether the caller may know of this aggregate at all. It runs before any reply uses the aggregate. A caller
    /// that may know of it at one version must be allowed to know of it at every later version.
    ///
    /// # Errors
    /// Returns the rejection to reply with.
    fn authorize(&self, state: &A::State) -> Result<(), Self::Refusal>;

    /// Decides the command in this state. It runs once for each attempt.
    ///
    /// # Errors
    /// Returns the business rejection.
    fn decide(&self, state: &A::State) -> Result<Decided<A::Event>, Self::Refusal>;
}

/// The decision on a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided<E> {
    /// Append these events, together or not at all.
    Append(Vec<E>),
    /// Change nothing: the commit of this version recorded the same before.
    AlreadyAt(u64),
}

/// The result of an accepted command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// This execution recorded the events.
    Recorded,
    /// The same request was recorded before. The execution has its commit and the state right after it.
    Replayed,
    /// Nothing changed. The execution has the commit that recorded the same before, and the current state.
    Unchanged,
}

/// An accepted command, with the data for the reply.
pub struct Execution<A: Aggregate> {
    /// The result.
    pub outcome: Outcome,
    /// The commit that recorded it.
    pub commit: Commit<A::Event>,
    /// The state to report.
    pub state: A::State,
    /// The version of `state`.
    pub version: u64,
    /// The number of decisions. If it is above 1, other writers won in between.
    pub attempts: u32,
    /// The size in bytes that the commit would have had with its snapshot, if one was due and too large.
    pub oversized_snapshot: Option<usize>,
}

/// The reason why a command was not accepted. Only after [`Failure::Store`] may something have been written. A retry of
/// the request then finds it.
#[derive(Debug, thiserror::Error)]
pub enum Failure<R> {
    /// The rules rejected the command.
    #[error("refused by a rule")]
    Refused(R),
    /// The request id was used before for another request.
    #[error("the request id was used for another request")]
    RequestIdReused,
    /// The aggregate is not at a version that the caller accepts.
    #[error("the aggregate is at version {current}")]
    VersionMismatch {
        /// The aggregate's current version.
        current: u64,
    },
    /// Other writers won every attempt.
    #[error("other writers won {attempts} attempts")]
    Contention {
        /// The number of attempts.
        attempts: u32,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Runs one command: loads, replies to a repeated request from its commit, decides, and appends. It decides again if
/// another writer was faster.
///
/// The first load is eventually consistent, so the newest commits may be missing in it. An append proves that none is
/// missing, because it fails if its version exists. A repeated request is proven by its commit. Every other answer is
/// given after a strongly consistent load only.
///
/// # Errors
/// See [`Failure`].
pub async fn execute<A, S, D>(
    store: &S,
    invocation: Invocation<'_>,
    rules: &D,
) -> Result<Execution<A>, Failure<D::Refusal>>
where
    A: Aggregate,
    S: EventStore<A>,
    D: Rules<A>,
{
    let Invocation { aggregate_id, request, .. } = invocation;
    let (mut loaded, mut is_current) = begin(store, &invocation).await?;
    for attempt in 1..=MAX_ATTEMPTS {
        let mut step = consider(store, &loaded, invocation, rules, attempt).await;
        if !is_current && needs_proof(&step) {
            (loaded, is_current) = (store.load(aggregate_id, UpTo::Head).await?, true);
            step = consider(store, &loaded, invocation, rules, attempt).await;
        }
        let events = match step? {
            Step::Append(events) => events,
            Step::Replay(commit, state) => return replay((commit, state), request, attempt),
            Step::Unchanged(version) => return unchanged(store, loaded, version, attempt).await,
        };
        let new = loaded.next(request, events, (invocation.clock)());
        match store.append(&new).await? {
            Appended::Written { oversized_snapshot } => return Ok(recorded(new, attempt, oversized_snapshot)),
            // The client's own retry of a write whose response was lost.
            Appended::Occupied(own) if is_same_attempt(&own, &new.commit) => return Ok(recorded(new, attempt, None)),
            // A duplicate was faster: reply from its commit.
            Appended::Occupied(duplicate) if duplicate.request.request_id == request.request_id => {
                loaded.advance(duplicate.clone());
                rules.authorize(&loaded.state).map_err(Failure::Refused)?;
                return replay((duplicate, loaded.state), request, attempt);
            }
            // At the first attempt, only the winner's commit is missing. Later, there may be many.
            Appended::Occupied(winner) if attempt == 1 => loaded.advance(winner),
            Appended::Occupied(_) if attempt == MAX_ATTEMPTS => break,
            Appended::Occupied(_) => {
                backoff(attempt, FIRST_PAUSE_MS, LONGEST_PAUSE_MS).await;
                (loaded, is_current) = (store.load(aggregate_id, UpTo::Head).await?, true);
            }
        }
    }
    Err(Failure::Contention { attempts: MAX_ATTEMPTS })
}

/// The next step of a command, in one state.
enum Step<A: Aggregate> {
    /// Append these events.
    Append(Vec<A::Event>),
    /// Reply from the commit of the same request, with the state right after it.
    Replay(Commit<A::Event>, A::State),
    /// Change nothing: the commit of this version recorded the same before.
    Unchanged(u64),
}

/// Returns the aggregate to begin with, and false if its newest commits may be missing.
async fn begin<A: Aggregate, S: EventStore<A>>(
    store: &S,
    invocation: &Invocation<'_>,
) -> Result<(Loaded<A>, bool), StoreError> {
    let aggregate_id = invocation.aggregate_id;
    if invocation.creates {
        return Ok((Loaded::absent(aggregate_id), true));
    }
    match store.load_eventually(aggregate_id).await {
        Ok(loaded) => Ok((loaded, false)),
        Err(StoreError::Unreadable { .. }) => Ok((store.load(aggregate_id, UpTo::Head).await?, true)),
        Err(error @ (StoreError::Table(_) | StoreError::Unwritable { .. })) => Err(error),
    }
}

/// Returns true if a step is an answer that the newest commits could change. An append or a repeat is proven by a commit, and
/// an outage says nothing of the aggregate.
const fn needs_proof<A: Aggregate, R>(step: &Result<Step<A>, Failure<R>>) -> bool {
    match step {
        Ok(Step::Append(_) | Step::Replay(..))
        | Err(Failure::Store(StoreError::Table(_) | StoreError::Unwritable { .. })) => false,
        Ok(Step::Unchanged(_)) | Err(_) => true,
    }
}

/// Determines the next step in the loaded state. An error is the answer in this state.
async fn consider<A, S, D>(
    store: &S,
    loaded: &Loaded<A>,
    invocation: Invocation<'_>,
    rules: &D,
    attempt: u32,
) -> Result<Step<A>, Failure<D::Refusal>>
where
    A: Aggregate,
    S: EventStore<A>,
    D: Rules<A>,
{
    if attempt > 1 || !invocation.creates {
        rules.authorize(&loaded.state).map_err(Failure::Refused)?;
    }
    if let Some((commit, state)) = find_request(store, loaded, invocation.request).await? {
        return Ok(Step::Replay(commit, state));
    }
    if invocation.expected_versions.is_some_and(|expected| !expected.contains(&loaded.version)) {
        return Err(Failure::VersionMismatch { current: loaded.version });
    }
    match rules.decide(&loaded.state).map_err(Failure::Refused)? {
        Decided::Append(events) => Ok(Step::Append(events)),
        Decided::AlreadyAt(version) => Ok(Step::Unchanged(version)),
    }
}

fn recorded<A: Aggregate>(new: NewCommit<A>, attempts: u32, oversized_snapshot: Option<usize>) -> Execution<A> {
    let NewCommit { commit, state, .. } = new;
    Execution { outcome: Outcome::Recorded, version: commit.version, commit, state, attempts, oversized_snapshot }
}

/// Returns true if an existing commit is this attempt's own, and false if it is a duplicate's: a duplicate has the time
/// of another clock reading. Two duplicates in the same millisecond count as the same attempt, which is correct for
/// both.
fn is_same_attempt<E>(existing: &Commit<E>, new: &Commit<E>) -> bool {
    existing.request == new.request && existing.recorded_at == new.recorded_at
}

/// Returns the aggregate right after the commit of `request`, if that request is among the remembered ones.
async fn find_request<A: Aggregate, S: EventStore<A>>(
    store: &S,
    loaded: &Loaded<A>,
    request: &Request,
) -> Result<Option<(Commit<A::Event>, A::State)>, StoreError> {
    for version in loaded.candidates(&request.request_id) {
        let known = loaded.recent.iter().find(|commit| commit.version == version);
        if known.is_some_and(|commit| commit.request.request_id != request.request_id) {
            continue;
        }
        if let Some(newest) = loaded.newest().filter(|newest| newest.version == version) {
            return Ok(Some((newest.clone(), loaded.state.clone())));
        }
        let then = store.load(&loaded.aggregate_id, UpTo::Version(version)).await?;
        if let Some(commit) = then.newest().filter(|commit| commit.request.request_id == request.request_id) {
            return Ok(Some((commit.clone(), then.state)));
        }
    }
    Ok(None)
}

fn replay<A: Aggregate, R>(
    (commit, state): (Commit<A::Event>, A::State),
    request: &Request,
    attempts: u32,
) -> Result<Execution<A>, Failure<R>> {
    if commit.request.fingerprint != request.fingerprint {
        return Err(Failure::RequestIdReused);
    }
    let version = commit.version;
    Ok(Execution { outcome: Outcome::Replayed, commit, state, version, attempts, oversized_snapshot: None })
}

async fn unchanged<A: Aggregate, S: EventStore<A>, R>(
    store: &S,
    loaded: Loaded<A>,
    at: u64,
    attempts: u32,
) -> Result<Execution<A>, Failure<R>> {
    let known = loaded.recent.iter().find(|commit| commit.version == at).cloned();
    let commit = match known {
        Some(commit) => Some(commit),
        None => store.commits(&loaded.aggregate_id, at.saturating_sub(1), Some(1)).await?.pop(),
    };
    let commit = commit.ok_or_else(|| StoreError::Unreadable {
        aggregate_id: loaded.aggregate_id.clone(),
        version: at,
        source: "it is missing".into(),
    })?;
    let Loaded { state, version, .. } = loaded;
    Ok(Execution { outcome: Outcome::Unchanged, commit, state, version, attempts, oversized_snapshot: None })
}
