//! A run: scenarios one after the other, from their playbooks to their verdicts.

mod alive;
mod reaper;
mod recorder;
mod stop;
mod strays;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::engine::{Docker, Engine, RUN_LABEL};
use crate::event::{Event, SCHEMA, Verdict, What};
use crate::image::{DEFAULT_MAJOR, Images, Settings};
use crate::lab::{Rights, Sink, World, sweep};
use crate::problem::{Blame, Problem};
use crate::scenario::Scenario;
use crate::script;
use crate::session::{Pauses, Session, Setting, Typing};
use crate::snapshot::store::{Store, Update};

pub use alive::is_alive;
pub use reaper::reap;
pub use stop::Stop;

use recorder::Recorder;

/// A scenario's time, unless it or the user says otherwise.
const LIMIT: Duration = Duration::from_mins(10);
/// Who types may think.
const NO_LIMIT: Duration = Duration::from_hours(1000);

/// What is to be run, and how.
#[derive(Debug, Clone)]
pub struct Request {
    pub scenarios: Vec<Scenario>,
    pub major: u32,
    pub host: Option<String>,
    pub keep: Keep,
    pub timeout: Option<Duration>,
    /// How nodes' networks are reached, if not as the engine lets us.
    pub rights: Option<Rights>,
    /// Network cards of the engine's machine that playbooks may use.
    pub cards: Vec<String>,
    pub update: Update,
    /// In CI no snapshot is written.
    pub ci: bool,
    /// What was typed, for who wants to do it again.
    pub command: Vec<String>,
    /// Set where somebody follows at the keyboard.
    pub pauses: Option<Pauses>,
    /// Set where the script is typed: there is nothing to compare it with.
    pub typing: Option<Typing>,
    /// Where the user is: its `images/` go before those that pgdrill brings.
    pub here: PathBuf,
}

/// When the nodes of a scenario are left for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    #[default]
    Never,
    OnFailure,
    Always,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    pub passed: usize,
    pub skipped: usize,
    pub failed: usize,
    pub errored: usize,
    pub cancelled: usize,
    /// Of those that errored, at least one is to blame on the machine, not on its playbook.
    pub environment: bool,
}

impl Outcome {
    fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed => self.failed += 1,
            Verdict::Errored => self.errored += 1,
            Verdict::Cancelled => self.cancelled += 1,
        }
    }
}

/// Runs scenarios; all that happens goes to `tell`.
pub async fn run(
    request: Request,
    stop: Stop,
    mut tell: impl FnMut(&Event),
) -> Result<Outcome, Problem> {
    let start = Instant::now();
    let engine: Arc<dyn Engine> = Arc::new(Docker::connect(request.host.as_deref()).await?);
    let about = engine.about().await?;
    let run = new_id();
    let alive = alive::Alive::claim(&run);
    let reaper = reaper::Reaper::start(&run, request.host.as_deref());
    let (sender, mut events) = unbounded_channel();
    let sink = Sink::new(sender, start);
    sink.send(What::RunStarted {
        schema: SCHEMA,
        run: run.clone(),
        started: crate::seconds::moment::now(),
        pgdrill: env!("CARGO_PKG_VERSION").to_owned(),
        engine: format!("{} {}", about.name, about.version),
        command: request.command.clone(),
    });
    stop.on_second({
        let engine = Arc::clone(&engine);
        let label = format!("{RUN_LABEL}={run}");
        async move {
            let _ = sweep(&*engine, &label).await;
        }
    });
    let mut outcome = Outcome::default();
    let mut stood = Duration::ZERO;
    for scenario in &request.scenarios {
        if stop.is_asked() {
            outcome.cancelled += 1;
            continue;
        }
        if let Some(why) = scenario.skipped(request.major) {
            sink.of(&scenario.name).send(What::ScenarioSkipped {
                path: scenario.playbook.path.clone(),
                why,
            });
            outcome.skipped += 1;
            continue;
        }
        let world = World::new(
            Arc::clone(&engine),
            images(&request, &engine, scenario),
            &run,
            scenario.root.clone(),
        )
        .with_rights(request.rights)
        .that_may_last(request.keep != Keep::Never)
        .with_cards(request.cards.clone());
        let play = Play {
            request: &request,
            scenario,
            world: Arc::new(world),
            sink: sink.of(&scenario.name),
            stop: &stop,
        };
        let played = play.run(&mut events, &mut tell).await;
        outcome.count(played.verdict);
        outcome.environment |= played.environment;
        stood += played.stood;
    }
    let strays = match &request.typing {
        Some(_) => Ok(Vec::new()),
        None => strays::strays(&request.scenarios),
    };
    for text in strays.unwrap_or_else(|problem| vec![problem.message]) {
        sink.send(What::Warned { text });
    }
    sink.send(What::RunFinished {
        took: start.elapsed().saturating_sub(stood),
    });
    while let Ok(event) = events.try_recv() {
        tell(&event);
    }
    reaper.end().await;
    alive.end();
    Ok(outcome)
}

fn images(request: &Request, engine: &Arc<dyn Engine>, scenario: &Scenario) -> Images {
    let roots = vec![request.here.clone(), scenario.root.clone()];
    Images::new(
        Arc::clone(engine) as Arc<dyn crate::engine::Images>,
        roots,
        Settings::of_process(),
    )
}

/// What became of a scenario.
struct Played {
    verdict: Verdict,
    environment: bool,
    /// How long it stood still.
    stood: Duration,
}

/// One scenario of a run.
struct Play<'a> {
    request: &'a Request,
    scenario: &'a Scenario,
    world: Arc<World>,
    sink: Sink,
    stop: &'a Stop,
}

impl Play<'_> {
    async fn run(
        self,
        events: &mut UnboundedReceiver<Event>,
        tell: &mut impl FnMut(&Event),
    ) -> Played {
        let started = Instant::now();
        let store = Store {
            root: self.scenario.root.clone(),
            ci: self.request.ci,
            update: self.request.update,
        };
        let mut recorder = Recorder::new(self.scenario, store, self.request.major, DEFAULT_MAJOR);
        self.sink.send(What::ScenarioStarted {
            path: self.scenario.playbook.path.clone(),
            source: self.scenario.playbook.source.clone(),
            title: self.scenario.head.title.clone(),
            introduction: self.scenario.head.introduction.clone(),
            major: self.request.major,
        });
        let limit = match &self.request.typing {
            Some(_) => NO_LIMIT,
            None => (self.request.timeout.or(self.scenario.head.timeout)).unwrap_or(LIMIT),
        };
        let session = Arc::new(Session::new(Setting {
            sink: self.sink.clone(),
            world: Arc::clone(&self.world),
            major: self.request.major,
            beside: self.scenario.folder.clone(),
            stop: self.stop.token(),
            limit,
            pauses: self.request.pauses.clone(),
            typing: self.request.typing.clone(),
        }));
        let playbook = self.scenario.playbook.clone();
        let played = Arc::clone(&session);
        let typing = self.request.typing.clone();
        let script = tokio::task::spawn_blocking(move || match typing {
            Some(typing) => script::talk(&playbook, typing.until, &played),
            None => script::play(&playbook, &played),
        });
        let problems = during(events, |it| pass(it, &mut recorder, tell), script).await;
        let mut problems = problems.unwrap_or_else(|panic| {
            vec![Problem::new(
                Blame::Environment,
                format!("pgdrill itself failed: {panic}"),
            )]
        });
        // Also where nodes are kept: nobody would ever end them.
        for lab in session.labs() {
            lab.workloads.end().await;
            lab.close_watch(&self.sink).await;
        }
        while let Ok(event) = events.try_recv() {
            pass(event, &mut recorder, tell);
        }
        let broken = !problems.is_empty() || self.request.typing.is_some();
        for event in recorder.end_section(self.sink.elapsed(), broken) {
            tell(&event);
        }
        let fails = |it: &Problem| matches!(it.blame, Blame::System | Blame::Playbook);
        if problems.iter().any(fails) {
            problems.extend(recorder.forget().err().map(|it| *it));
        }
        let snapshot = recorder.settle(broken);
        let snapshot = snapshot.unwrap_or_else(|problem| {
            problems.push(*problem);
            crate::event::SnapshotOutcome::default()
        });
        let failed = !problems.is_empty() || recorder.differs(&snapshot);
        if failed {
            let pause = session.pause_at_failure(problems.first());
            during(events, |it| pass(it, &mut recorder, tell), pause).await;
        }
        if !self.leave(&session, failed).await {
            for lab in session.labs() {
                problems.extend(lab.take_down().await.err());
            }
        }
        let verdict = verdict(&problems, recorder.differs(&snapshot));
        let environment = problems
            .iter()
            .any(|problem| problem.blame == Blame::Environment);
        self.sink.send(What::ScenarioFinished {
            verdict,
            took: started.elapsed().saturating_sub(session.stood()),
            problems,
            snapshot,
        });
        while let Ok(event) = events.try_recv() {
            pass(event, &mut recorder, tell);
        }
        Played {
            verdict,
            environment,
            stood: session.stood(),
        }
    }

    /// Leaves the nodes for the user, if that is wanted.
    async fn leave(&self, session: &Session, failed: bool) -> bool {
        let nodes: Vec<_> = session.labs().iter().flat_map(|lab| lab.nodes()).collect();
        let wanted = match self.request.keep {
            Keep::Never => false,
            Keep::OnFailure => failed,
            Keep::Always => true,
        };
        if !wanted || nodes.is_empty() || self.stop.is_asked() {
            return false;
        }
        for node in &nodes {
            node.hang_up().await;
        }
        self.sink.send(What::Kept {
            nodes: nodes.iter().map(|node| node.name.clone()).collect(),
        });
        true
    }
}

fn pass(event: Event, recorder: &mut Recorder, tell: &mut impl FnMut(&Event)) {
    for event in recorder.take(event) {
        tell(&event);
    }
}

/// Passes events on until the work is done.
async fn during<T>(
    events: &mut UnboundedReceiver<Event>,
    mut pass: impl FnMut(Event),
    work: impl Future<Output = T>,
) -> T {
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            event = events.recv() => pass(event.expect("the sink lives as long as this")),
            done = &mut work => return done,
        }
    }
}

/// The worst that happened, where a stop from outside explains all else.
fn verdict(problems: &[Problem], differs: bool) -> Verdict {
    let verdicts: Vec<_> = problems
        .iter()
        .map(|problem| problem.blame.verdict())
        .collect();
    for worst in [Verdict::Cancelled, Verdict::Errored, Verdict::Failed] {
        if verdicts.contains(&worst) {
            return worst;
        }
    }
    if differs {
        Verdict::Failed
    } else {
        Verdict::Passed
    }
}

/// Six letters and digits: a run's name on the command line.
pub fn new_id() -> String {
    let random = std::hash::BuildHasher::hash_one(
        &std::collections::hash_map::RandomState::new(),
        std::process::id(),
    );
    let letters: Vec<_> = "abcdefghijkmnpqrstuvwxyz23456789".chars().collect();
    (0..6)
        .map(|at| letters[usize::try_from(random >> (at * 5) & 31).expect("it is small")])
        .collect()
}
