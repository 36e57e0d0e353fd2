//! One command, from load to append: idempotency, optimistic concurrency and bounded retries, for any aggregate.

use crate::{Aggregate, Appended, Commit, EventStore, Loaded, NewCommit, Request, StoreError, Timestamp, UpTo, pause};

/// The number of attempts before a command gives up with [`Failure::Contention`]. Bounded, because refused writes are billed.
pub const MAX_ATTEMPTS: u32 = 10;
/// The longest pause before the third attempt, in milliseconds; it doubles with each further one. With these numbers, hardly one
/// of forty writers of one aggregate gives up.
const FIRST_PAUSE_MS: u64 = 20;
/// The longest pause there is, in milliseconds: ten attempts pause for 3.3 s at most, and for half of that on average.
const LONGEST_PAUSE_MS: u64 = 1_000;

/// A command's surroundings: everything but what it asks for.
#[derive(Debug, Clone, Copy)]
pub struct Invocation<'a> {
    /// Which aggregate.
    pub aggregate_id: &'a str,
    /// Whether the aggregate is assumed not to exist yet: then nothing is read first, and one write is all.
    pub creates: bool,
    /// By which request.
    pub request: &'a Request,
    /// The versions of which the aggregate must be at one, where the caller said so; with none named, no version fits.
    pub expected_versions: Option<&'a [u64]>,
    /// The clock; it may jump and stand still.
    pub clock: fn() -> Timestamp,
}

/// The rules, as the store needs them.
pub trait Rules<A: Aggregate> {
    /// Why a command is refused.
    type Refusal;

    /// Whether the caller may know of this aggregate at all; asked before anything is answered from it.
    ///
    /// # Errors
    /// The refusal to answer with.
    fn admit(&self, state: &A::State) -> Result<(), Self::Refusal>;

    /// What the command comes to in this state. Called once for each attempt.
    ///
    /// # Errors
    /// The business refusal.
    fn decide(&self, state: &A::State) -> Result<Decided<A::Event>, Self::Refusal>;
}

/// What a command comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided<E> {
    /// These events are to be appended, together or not at all.
    Append(Vec<E>),
    /// Nothing need change: the commit of this version recorded it before.
    AlreadyAt(u64),
}

/// How an accepted command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its events are recorded now.
    Recorded,
    /// The same request had been recorded before; this is its commit and the state right after it.
    Replayed,
    /// Nothing need change; this is the commit that recorded it before, and the state as it is.
    Unchanged,
}

/// An accepted command: what to answer with.
pub struct Execution<A: Aggregate> {
    /// How it ended.
    pub outcome: Outcome,
    /// The commit that recorded it.
    pub commit: Commit<A::Event>,
    /// The state to report.
    pub state: A::State,
    /// The version of `state`.
    pub version: u64,
    /// How often it was decided; above 1, other writers won in between.
    pub attempts: u32,
    /// The bytes that the commit would have had with its snapshot, if one was due and too large for it.
    pub oversized_snapshot: Option<usize>,
}

/// Why a command was not accepted. Only after [`Failure::Store`] may something have been written, and a repeat of the
/// request finds it.
#[derive(Debug, thiserror::Error)]
pub enum Failure<R> {
    /// The rules refused it.
    #[error("refused by a rule")]
    Refused(R),
    /// The request id was used before, for something else.
    #[error("the request id was used for another request")]
    RequestIdReused,
    /// The aggregate is not at the version the caller decided on.
    #[error("the aggregate is at version {current}")]
    VersionMismatch {
        /// Its version.
        current: u64,
    },
    /// Other writers won every attempt.
    #[error("other writers won {attempts} attempts")]
    Contention {
        /// How often it was tried.
        attempts: u32,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Runs one command: loads, answers a repeated request from its commit, decides, appends; decides again when another
/// writer was faster.
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
    let mut loaded =
        if invocation.creates { Loaded::absent(aggregate_id) } else { store.load(aggregate_id, UpTo::Head).await? };
    for attempt in 1..=MAX_ATTEMPTS {
        if attempt > 1 || !invocation.creates {
            rules.admit(&loaded.state).map_err(Failure::Refused)?;
        }
        if let Some(earlier) = find_request(store, &loaded, request).await? {
            return replay(earlier, request, attempt);
        }
        if invocation.expected_versions.is_some_and(|expected| !expected.contains(&loaded.version)) {
            return Err(Failure::VersionMismatch { current: loaded.version });
        }
        let events = match rules.decide(&loaded.state).map_err(Failure::Refused)? {
            Decided::Append(events) => events,
            Decided::AlreadyAt(version) => return unchanged(store, loaded, version, attempt).await,
        };
        let new = loaded.next(request, events, (invocation.clock)());
        match store.append(&new).await? {
            Appended::Written { oversized_snapshot } => return Ok(recorded(new, attempt, oversized_snapshot)),
            // The client's own retry of a write whose answer was lost.
            Appended::Occupied(own) if is_same_attempt(&own, &new.commit) => return Ok(recorded(new, attempt, None)),
            // A duplicate was faster: its commit answers.
            Appended::Occupied(duplicate) if duplicate.request.request_id == request.request_id => {
                loaded.advance(duplicate.clone());
                rules.admit(&loaded.state).map_err(Failure::Refused)?;
                return replay((duplicate, loaded.state), request, attempt);
            }
            // The first time, the winner's commit is all that is missing; after that there may be many.
            Appended::Occupied(winner) if attempt == 1 => loaded.advance(winner),
            Appended::Occupied(_) if attempt == MAX_ATTEMPTS => break,
            Appended::Occupied(_) => {
                pause(attempt, FIRST_PAUSE_MS, LONGEST_PAUSE_MS).await;
                loaded = store.load(aggregate_id, UpTo::Head).await?;
            }
        }
    }
    Err(Failure::Contention { attempts: MAX_ATTEMPTS })
}

fn recorded<A: Aggregate>(new: NewCommit<A>, attempts: u32, oversized_snapshot: Option<usize>) -> Execution<A> {
    let NewCommit { commit, state, .. } = new;
    Execution { outcome: Outcome::Recorded, version: commit.version, commit, state, attempts, oversized_snapshot }
}

/// Whether a commit that stands is the one that was to be written, and not a duplicate's: a duplicate was stamped
/// by another clock reading. Two duplicates of one millisecond are told the same, which is true of both.
fn is_same_attempt<E>(standing: &Commit<E>, new: &Commit<E>) -> bool {
    standing.request == new.request && standing.recorded_at == new.recorded_at
}

/// The aggregate as it was right after the commit of `request`, where that is among the remembered ones.
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
