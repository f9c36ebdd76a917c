//! The scene: what somebody at the keyboard may want to see of a scenario, folded from its events.

use crate::event::{Event, Pause, What};
use crate::script::{Playbook, Step, outline};
use crate::transcript::Transcript;

/// A scenario so far.
#[derive(Debug, Default)]
pub struct Scene {
    playbook: Playbook,
    steps: Vec<Step>,
    nodes: Vec<Node>,
    transcript: Transcript,
}

/// A node that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    pub container: String,
    pub image: String,
}

impl Node {
    /// The lab that it belongs to, in the way that `pgdrill psql NODE RUN` takes it.
    pub fn scope(&self) -> &str {
        let scope = self.container.strip_prefix("pgdrill-");
        let scope = scope.and_then(|it| it.strip_suffix(&self.name));
        scope.map_or("", |it| it.trim_end_matches('-'))
    }
}

/// Where a scenario stands that has paused.
#[derive(Debug, Clone)]
pub struct Standing {
    pub pause: Pause,
    pub playbook: Playbook,
    pub steps: Vec<Step>,
    pub nodes: Vec<Node>,
    /// In Markdown.
    pub transcript: String,
}

impl Scene {
    pub fn take(&mut self, event: &Event) {
        self.transcript.push(event);
        match &event.what {
            What::ScenarioStarted { path, source, .. } => {
                let playbook = Playbook {
                    path: path.clone(),
                    source: source.clone(),
                };
                *self = Self {
                    steps: outline(&playbook),
                    playbook,
                    ..Self::default()
                };
                self.transcript.push(event);
            }
            What::NodeStarted {
                node,
                container,
                image,
            } => {
                self.nodes.retain(|it| it.container != *container);
                self.nodes.push(Node {
                    name: node.clone(),
                    container: container.clone(),
                    image: image.clone(),
                });
            }
            What::NodeEnded { node } => {
                let ended = self.nodes.iter().rposition(|it| it.name == *node);
                ended.map(|at| self.nodes.remove(at));
            }
            _ => {}
        }
    }

    pub fn standing(&self, pause: &Pause) -> Standing {
        Standing {
            pause: pause.clone(),
            playbook: self.playbook.clone(),
            steps: self.steps.clone(),
            nodes: self.nodes.clone(),
            transcript: self.transcript.body(),
        }
    }
}

impl Standing {
    /// The step that comes, by its place in the outline.
    pub fn next(&self) -> Option<usize> {
        let Pause::Step { place, .. } = &self.pause else {
            return None;
        };
        let here = |it: &Step| (&it.place.file, it.place.line) == (&place.file, place.line);
        self.steps.iter().position(here)
    }

    /// A step that is still to come, by its number or a part of its title.
    pub fn find(&self, wanted: &str) -> Result<&Step, String> {
        let next = self.next().unwrap_or_default();
        if let Ok(number) = wanted.parse::<usize>() {
            let Some(step) = number.checked_sub(1).and_then(|at| self.steps.get(at)) else {
                return Err(format!("there is no step {number} (`steps` lists them)"));
            };
            if number <= next && !step.nested {
                return Err(format!("step {number} is over"));
            }
            return Ok(step);
        }
        let part = wanted.to_lowercase();
        let fits = |it: &&Step| it.title.to_lowercase().contains(&part);
        let ahead = self.steps.get(next + 1..).unwrap_or_default();
        let nested = self.steps.iter().filter(|it| it.nested);
        let mut found = ahead.iter().chain(nested).filter(fits);
        found.next().ok_or_else(|| {
            format!(
                "no step that is still to come has `{wanted}` in its title (`steps` lists them)"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::Place;

    fn scene(events: Vec<What>) -> Scene {
        let mut scene = Scene::default();
        let started = What::ScenarioStarted {
            path: "a.rhai".to_owned(),
            source: "step(\"One\");\nstep(\"Two\");\nfor i in 0..2 {\n    step(\"Many\" + i);\n}\nstep(\"Another\");\n"
                .to_owned(),
            title: "A".to_owned(),
            introduction: String::new(),
            major: 17,
        };
        for what in [vec![started], events].concat() {
            scene.take(&Event {
                at: Duration::ZERO,
                scenario: Some("a".to_owned()),
                what,
            });
        }
        scene
    }

    fn before(line: usize) -> Standing {
        let place = Place {
            file: "a.rhai".to_owned(),
            line,
            column: 1,
        };
        scene(Vec::new()).standing(&Pause::Step {
            title: "It".to_owned(),
            place,
        })
    }

    fn found(line: usize, wanted: &str) -> String {
        match before(line).find(wanted) {
            Ok(step) => format!("{} {}", step.place.line, step.title),
            Err(why) => why,
        }
    }

    #[test]
    fn a_step_ahead_is_found_by_its_number_or_a_part_of_its_title() {
        let wanted = [
            (1, "2"),
            (2, "1"),
            (1, "9"),
            (1, "two"),
            (2, "two"),
            (6, "many"),
            (6, "3"),
        ];
        let found: Vec<_> = (wanted.iter())
            .map(|(line, wanted)| format!("from line {line} to {wanted}: {}", found(*line, wanted)))
            .collect();
        insta::assert_snapshot!(found.join("\n"), @r#"
        from line 1 to 2: 2 Two
        from line 2 to 1: step 1 is over
        from line 1 to 9: there is no step 9 (`steps` lists them)
        from line 1 to two: 2 Two
        from line 2 to two: no step that is still to come has `two` in its title (`steps` lists them)
        from line 6 to many: 4 "Many" + i
        from line 6 to 3: 4 "Many" + i
        "#);
    }

    #[test]
    fn nodes_come_and_go_and_know_their_lab() {
        let started = |container: &str| What::NodeStarted {
            node: "p1".to_owned(),
            container: container.to_owned(),
            image: "pg".to_owned(),
        };
        let two = vec![started("pgdrill-abc-1-p1"), started("pgdrill-abc-2-p1")];
        let ended = What::NodeEnded {
            node: "p1".to_owned(),
        };
        let scopes = |events: Vec<What>| -> Vec<String> {
            let scene = scene(events);
            scene.nodes.iter().map(|it| it.scope().to_owned()).collect()
        };
        assert_eq!(scopes(two.clone()), ["abc-1", "abc-2"]);
        assert_eq!(scopes([two, vec![ended]].concat()), ["abc-1"]);
    }
}
