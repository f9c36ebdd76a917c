//! How events become a story: each is put where it belongs.

use std::time::Duration;

use super::{
    Address, Check, Ending, Held, Item, Lane, Log, Scenario, Stage, Step, Story, Workload,
};
use crate::event::{Event, Role, What};

impl<'a> Story<'a> {
    pub fn of(events: &'a [Event]) -> Self {
        let mut story = Self::default();
        for event in events {
            match &event.what {
                What::RunStarted { .. } => story.started = Some(event),
                What::RunFinished { took } => story.took = Some(*took),
                what => match &event.scenario {
                    Some(name) => story.scenario(name, event.at).take(event.at, what),
                    None => story.warnings.extend(match what {
                        What::Warned { text } => Some(text.as_str()),
                        _ => None,
                    }),
                },
            }
        }
        story
    }

    fn scenario(&mut self, name: &'a str, at: Duration) -> &mut Scenario<'a> {
        let found = self.scenarios.iter().position(|it| it.name == name);
        let at = found.unwrap_or_else(|| {
            self.scenarios.push(Scenario {
                name,
                from: at,
                stages: vec![Stage {
                    from: at,
                    to: at,
                    ..Stage::default()
                }],
                open: vec![0],
                ..Scenario::default()
            });
            self.scenarios.len() - 1
        });
        &mut self.scenarios[at]
    }
}

impl<'a> Scenario<'a> {
    #[expect(
        clippy::too_many_lines,
        reason = "every kind of event by name, in one list"
    )]
    fn take(&mut self, at: Duration, what: &'a What) {
        self.move_end(at, what);
        match what {
            What::ScenarioStarted {
                path,
                source,
                title,
                introduction,
                major,
            } => {
                (self.path, self.source, self.title) = (path, source, title);
                (self.introduction, self.major) = (introduction, Some(*major));
            }
            What::ServerVersion { image, version } => {
                let known = self.images.iter_mut().find(|(it, _)| it == image);
                match known {
                    Some((_, known)) => *known = Some(version),
                    None => self.images.push((image, Some(version))),
                }
            }
            What::ImageFinished { took, .. } | What::Resumed { after: took } => {
                self.pauses.push((at.saturating_sub(*took), at));
            }
            What::LabStarted { title } => {
                self.open.push(self.stages.len());
                self.stages.push(Stage {
                    title: Some(title),
                    from: at,
                    to: at,
                    before: at,
                    ..Stage::default()
                });
            }
            What::LabFinished { .. } => {
                // The last call took the lab down, which is no part of the drill.
                let stage = self.stage();
                stage.to = stage.before;
                self.open.pop();
            }
            What::SectionStarted { title, .. } => {
                let step = self.new_step(at);
                step.title = Some(title);
            }
            What::SectionFinished {
                differs, broken, ..
            } => {
                let step = self.steps.iter_mut().rfind(|it| it.title.is_some());
                if let Some(step) = step {
                    step.to = Some(at);
                    step.differs = differs;
                    step.broken = *broken;
                }
            }
            What::Prose { text } => self.item(at, Item::Prose(text)),
            What::Shown(shown) => self.item(at, Item::Shown(shown)),
            What::Said { text } => self.item(at, Item::Said(text)),
            What::Warned { text } => self.item(at, Item::Warned(text)),
            What::CallFinished {
                problem: Some(problem),
                ..
            } => self.item(at, Item::Problem(problem)),
            What::Checked { message, held, .. } => {
                self.item(at, Item::Check(message, *held));
                self.stage().checks.push(Check {
                    message,
                    held: if *held { Held::Yes } else { Held::No },
                });
            }
            What::Violated { invariant, seen } => self.item(at, Item::Violated(invariant, seen)),
            What::InvariantEnded {
                invariant,
                definite,
                violated,
                ..
            } => self.stage().checks.push(Check {
                message: invariant,
                held: match (violated, definite) {
                    (true, _) => Held::No,
                    (false, 0) => Held::Unknown,
                    (false, _) => Held::Yes,
                },
            }),
            What::Marked(mark) => {
                self.item(at, Item::Mark(mark));
                self.stage().marks.push((at, mark));
            }
            What::WorkloadStopped {
                target,
                connect_timeout,
                answer_timeout,
                cost,
                writes,
            } => self.stage().workloads.push(Workload {
                target,
                connect_timeout: *connect_timeout,
                answer_timeout: *answer_timeout,
                cost,
                writes,
            }),
            What::NodeStarted { node, image, .. } => {
                if self.images.iter().all(|(it, _)| it != image) {
                    self.images.push((image, None));
                }
                self.lane(node).roles.push((at, Some(Role::Down)));
            }
            What::NodeEnded { node } => self.lane(node).roles.push((at, None)),
            What::RoleChanged { node, role } => self.lane(node).roles.push((at, Some(*role))),
            What::NetworkChanged {
                node,
                reach,
                broken,
            } => self.lane(node).reach.push((at, *reach, broken)),
            What::StandbyBehind { node, bytes } => self.lane(node).behind.push((at, *bytes)),
            What::VipHeld { address, nodes } => self.address(address).holders.push((at, nodes)),
            What::ServerLog {
                node,
                lines,
                left_out,
            } => self.stage().logs.push(Log {
                node,
                lines,
                left_out: *left_out,
            }),
            What::ScenarioFinished {
                verdict,
                took,
                problems,
                snapshot,
            } => {
                self.ending = Ending::Finished {
                    verdict: *verdict,
                    took: *took,
                    problems,
                    snapshot,
                };
            }
            What::ScenarioSkipped { path, why } => {
                self.path = path;
                self.ending = Ending::Skipped(why);
            }
            What::RunStarted { .. }
            | What::RunFinished { .. }
            | What::Paused(_)
            | What::LineStarted { .. }
            | What::LineFinished(_)
            | What::ImageStarted { .. }
            | What::ImageSaid { .. }
            | What::HidingStarted
            | What::HidingFinished
            | What::CallStarted { .. }
            | What::CallWaiting { .. }
            | What::CallFinished { problem: None, .. }
            | What::RedactionAdded { .. }
            | What::RedactionDropped { .. }
            | What::SideSnapshot { .. }
            | What::Kept { .. } => {}
        }
    }

    /// Moves the end of the stage to what has happened in it.
    fn move_end(&mut self, at: Duration, what: &What) {
        let stage = self.stage();
        match what {
            What::CallFinished { .. } => (stage.before, stage.to) = (stage.to, at),
            What::Shown(_)
            | What::Checked { .. }
            | What::Marked(_)
            | What::WorkloadStopped { .. }
            | What::RoleChanged { .. }
            | What::NetworkChanged { .. }
            | What::VipHeld { .. }
            | What::StandbyBehind { .. }
            | What::Violated { .. } => (stage.before, stage.to) = (at, at),
            _ => {}
        }
    }

    fn number(&self) -> usize {
        self.open.last().copied().unwrap_or_default()
    }

    fn stage(&mut self) -> &mut Stage<'a> {
        let number = self.number();
        &mut self.stages[number]
    }

    fn new_step(&mut self, at: Duration) -> &mut Step<'a> {
        let stage = self.number();
        self.steps.push(Step {
            title: None,
            stage,
            from: at,
            to: None,
            differs: &[],
            broken: false,
            items: Vec::new(),
        });
        self.steps.last_mut().expect("it was just pushed")
    }

    /// Adds to the step that goes on, or to what stands outside of steps.
    fn item(&mut self, at: Duration, item: Item<'a>) {
        let stage = self.number();
        let fits = self.steps.last().is_some_and(|it| it.stage == stage);
        let step = if fits {
            self.steps.last_mut().expect("there is one")
        } else {
            self.new_step(at)
        };
        step.items.push((at, item));
    }

    fn lane(&mut self, node: &'a str) -> &mut Lane<'a> {
        let lanes = &mut self.stage().nodes;
        let found = lanes.iter().position(|it| it.name == node);
        let at = found.unwrap_or_else(|| {
            lanes.push(Lane {
                name: node,
                roles: Vec::new(),
                reach: Vec::new(),
                behind: Vec::new(),
            });
            lanes.len() - 1
        });
        &mut lanes[at]
    }

    fn address(&mut self, address: &'a str) -> &mut Address<'a> {
        let all = &mut self.stage().addresses;
        let found = all.iter().position(|it| it.address == address);
        let at = found.unwrap_or_else(|| {
            all.push(Address {
                address,
                holders: Vec::new(),
            });
            all.len() - 1
        });
        &mut all[at]
    }
}
