//! Password hashes: Argon2id, on a few threads of its own.
//!
//! ```text
//! hash / verify ──> a place in the queue ──> one thread a core, each with one block of memory for ever
//!      └── none left, or waited too long: Busy, which the edges turn into 503 with Retry-After
//! ```
//! The threads give way to those that answer requests. Why not the runtime's blocking threads: each would keep 19 MiB of its own, and hundreds of sign-ins at once
//! would take the memory of the machine and every core from the people who are signed in already (D10).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use crossbeam_channel::{Receiver, Sender, unbounded};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::clock::Stopwatch;
use crate::secret;

/// Bytes of a hash, and of its salt.
const HASH_LENGTH: usize = 32;
const SALT_LENGTH: usize = 16;
/// No stored hash may ask for more memory than this: a forged row must not take the machine.
const MOST_MEMORY_KIB: u32 = 256 * 1024;
/// How far the hashing threads stand back, as `nice` counts: far behind, and yet not starved by anything else.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;
/// How many differently salted hashes one sign-in may be compared with.
const MOST_DERIVATIONS: usize = 3;

/// What one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB: Argon2's `m`.
    pub memory_kib: u32,
    /// Passes over it: Argon2's `t`.
    pub passes: u32,
}

/// Why there is no hash.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// More sign-ins at once than this machine can work through; nothing was computed.
    #[error("Too many people are signing in at this moment. Please try again in a few seconds.")]
    Busy,
    /// A stored hash, or the configured cost, is not one that Argon2 knows.
    #[error("A password hash could not be computed: {0}")]
    Broken(String),
}

/// The threads that hash. Clones share them; they end with the last clone.
#[derive(Clone, Debug)]
pub struct PasswordHasher {
    /// Bounded by the places: nobody comes here without one.
    queue: Sender<Job>,
    places: Arc<Semaphore>,
    most: usize,
    refused: Arc<AtomicU64>,
    params: Params,
    decoy: String,
}

/// How much there is to hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashLoad {
    /// What the threads are at.
    pub running: usize,
    /// What waits for them.
    pub queued: usize,
    /// How many were told that there is no room, since the start.
    pub refused: u64,
}

struct Job {
    /// Taken as long as it is computed: whoever hangs up must not make room for a further one (R11).
    _place: OwnedSemaphorePermit,
    password: SecretString,
    task: Task,
    queued: Stopwatch,
    answer: oneshot::Sender<Result<Answer, HashError>>,
}

enum Task {
    Hash { salt: [u8; SALT_LENGTH], params: Params },
    Verify { hashes: Vec<String>, decoy: String },
}

enum Answer {
    Hash(String),
    Matches(Option<usize>),
}

impl PasswordHasher {
    /// Starts `threads` threads. At most `queue` callers wait for them, each for at most `wait`.
    ///
    /// # Errors
    ///
    /// [`HashError::Broken`] when Argon2 does not know such a cost.
    pub fn start(cost: Cost, threads: usize, queue: usize, wait: Duration) -> Result<Self, HashError> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, Some(HASH_LENGTH)).map_err(broken)?;
        let decoy = to_phc(&params, &secret::random::<SALT_LENGTH>(), &secret::random())?;
        let (sender, receiver) = unbounded();
        let threads = threads.max(1);
        for number in 0..threads {
            let receiver = receiver.clone();
            thread::Builder::new()
                .name(format!("argon2-{number}"))
                .spawn(move || work(&receiver, wait))
                .map_err(|error| HashError::Broken(error.to_string()))?;
        }
        let most = threads + queue;
        let places = Arc::new(Semaphore::new(most));
        Ok(Self { queue: sender, places, most, refused: Arc::default(), params, decoy })
    }

    /// How much there is to do.
    pub fn load(&self) -> HashLoad {
        let queued = self.queue.len();
        HashLoad {
            running: self.most.saturating_sub(self.places.available_permits()).saturating_sub(queued),
            queued,
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    fn busy(&self) -> HashError {
        self.refused.fetch_add(1, Ordering::Relaxed);
        HashError::Busy
    }

    /// Whether anybody could be given a place now. To be asked before anything is looked up or paid for a sign-in: in
    /// a storm a refusal must cost nothing. It promises no place: a deed that is throttled afterwards shall hold none.
    ///
    /// # Errors
    ///
    /// [`HashError::Busy`].
    pub fn check_room(&self) -> Result<(), HashError> {
        if self.places.available_permits() > 0 { Ok(()) } else { Err(self.busy()) }
    }

    /// Whether `hash` was made at another cost than today's, or with another salt than `salt`, if it is to have one.
    pub fn is_outdated(&self, hash: &str, salt: Option<[u8; SALT_LENGTH]>) -> bool {
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        let Ok(hash) = PasswordHash::new(hash) else { return true };
        let has_salt = |wanted: &[u8; SALT_LENGTH]| hash.salt.is_some_and(|salt| salt.as_ref() == wanted);
        match Params::try_from(&hash) {
            Ok(params) => cost(&params) != cost(&self.params) || !salt.as_ref().is_none_or(has_salt),
            Err(_) => true,
        }
    }

    /// The hash of `password` as a PHC string, with `salt` or else a random one.
    ///
    /// # Errors
    ///
    /// [`HashError::Busy`].
    pub async fn hash(
        &self,
        password: SecretString,
        salt: Option<[u8; SALT_LENGTH]>,
    ) -> Result<String, HashError> {
        let task = Task::Hash { salt: salt.unwrap_or_else(secret::random), params: self.params.clone() };
        match self.ask(password, task).await? {
            Answer::Hash(hash) => Ok(hash),
            Answer::Matches(_) => Err(HashError::Broken("an answer to another question".to_owned())),
        }
    }

    /// Which of `hashes` the password belongs to, if any.
    ///
    /// With no hash at all the time is spent on a decoy, so that a stranger cannot tell by the clock whether there
    /// is such an account. Hashes of one salt and cost are compared after one computation, for the same reason.
    ///
    /// # Errors
    ///
    /// [`HashError::Busy`].
    pub async fn verify(
        &self,
        password: SecretString,
        hashes: Vec<String>,
    ) -> Result<Option<usize>, HashError> {
        match self.ask(password, Task::Verify { hashes, decoy: self.decoy.clone() }).await? {
            Answer::Matches(index) => Ok(index),
            Answer::Hash(_) => Err(HashError::Broken("an answer to another question".to_owned())),
        }
    }

    async fn ask(&self, password: SecretString, task: Task) -> Result<Answer, HashError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| self.busy())?;
        let (answer, answered) = oneshot::channel();
        let job = Job { _place: place, password, task, queued: Stopwatch::start(), answer };
        self.queue.send(job).map_err(|_| HashError::Busy)?;
        answered.await.map_err(|_| HashError::Busy)?
    }
}

fn work(jobs: &Receiver<Job>, wait: Duration) {
    give_way();
    let mut memory = Vec::new();
    while let Some(Job { _place, password, task, queued, answer }) = next(jobs, &mut memory) {
        // Whoever has gone away gets no hash, and whoever has waited too long is told so at once.
        if answer.is_closed() {
            continue;
        }
        let done =
            if queued.elapsed() > wait { Err(HashError::Busy) } else { task.run(&password, &mut memory) };
        let _ = answer.send(done);
    }
}

/// The next job. What the last one left in memory is overwritten by it, or wiped when there is none.
fn next(jobs: &Receiver<Job>, memory: &mut [Block]) -> Option<Job> {
    jobs.try_recv().ok().or_else(|| {
        memory.fill(Block::default());
        jobs.recv().ok()
    })
}

/// Lets the threads that answer requests go first: a storm of sign-ins may take every core that nobody else needs.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE) {
        log::warn!("the hashing threads could not be given a lower priority: {error}");
    }
}

impl Task {
    fn run(&self, password: &SecretString, memory: &mut Vec<Block>) -> Result<Answer, HashError> {
        match self {
            Self::Hash { salt, params } => {
                let output = derive(password, salt, params, memory)?;
                to_phc(params, salt, &output).map(Answer::Hash)
            }
            Self::Verify { hashes, decoy } if hashes.is_empty() => {
                matching(password, std::slice::from_ref(decoy), memory).map(|_| Answer::Matches(None))
            }
            Self::Verify { hashes, .. } => matching(password, hashes, memory).map(Answer::Matches),
        }
    }
}

/// The first of `hashes` that `password` belongs to; one computation for each different salt and cost.
fn matching(
    password: &SecretString,
    hashes: &[String],
    memory: &mut Vec<Block>,
) -> Result<Option<usize>, HashError> {
    let mut derived: Vec<(Salt, ParamsString, [u8; HASH_LENGTH])> = Vec::new();
    for (index, hash) in hashes.iter().enumerate() {
        let hash = PasswordHash::new(hash).map_err(broken)?;
        let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else {
            return Err(HashError::Broken("a stored hash has no salt or no output".to_owned()));
        };
        let same = derived.iter().find(|(other, params, _)| *other == salt && *params == hash.params);
        let output = match same {
            Some((_, _, output)) => *output,
            None if derived.len() == MOST_DERIVATIONS => continue,
            None => {
                let output =
                    derive(password, salt.as_ref(), &Params::try_from(&hash).map_err(broken)?, memory)?;
                derived.push((salt, hash.params.clone(), output));
                output
            }
        };
        if secret::equal(&output, expected.as_ref()) {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// Argon2id in `memory`, which grows once to what is asked.
fn derive(
    password: &SecretString,
    salt: &[u8],
    params: &Params,
    memory: &mut Vec<Block>,
) -> Result<[u8; HASH_LENGTH], HashError> {
    if params.m_cost() > MOST_MEMORY_KIB {
        return Err(HashError::Broken(format!("it asks for {} KiB of memory", params.m_cost())));
    }
    let blocks = params.block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::default());
    }
    let used = memory.get_mut(..blocks).unwrap_or_default();
    let mut output = [0; HASH_LENGTH];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into_with_memory(password.expose_secret().as_bytes(), salt, &mut output, used)
        .map_err(broken)?;
    Ok(output)
}

fn to_phc(params: &Params, salt: &[u8], output: &[u8; HASH_LENGTH]) -> Result<String, HashError> {
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(broken)?,
        salt: Some(Salt::new(salt).map_err(broken)?),
        hash: Some(Output::new(output).map_err(broken)?),
    };
    Ok(hash.to_string())
}

fn broken(error: impl std::fmt::Display) -> HashError {
    HashError::Broken(error.to_string())
}
