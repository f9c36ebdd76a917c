//! At the keyboard: what stands between a run and somebody who follows it step by step.

mod command;
pub mod editor;
pub mod preview;
pub mod program;
mod prompt;
pub mod scene;

use std::io::IsTerminal;
use std::sync::mpsc::{Sender, channel};

use tokio::sync::mpsc::UnboundedSender;

use crate::event::{Event, What};
use crate::run::Stop;
use crate::session::Until;
use editor::Tty;
use prompt::Prompt;
use scene::{Scene, Standing};

/// Whether there is somebody to ask.
pub fn is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks at every pause of a run.
pub struct Keyboard {
    scene: Scene,
    /// What happens during a pause is shown after it: the terminal is the prompt's.
    held: Option<Vec<Event>>,
    prompt: Sender<Standing>,
    tty: Tty,
}

/// What the prompt needs besides what events tell.
pub struct Reins {
    pub answers: UnboundedSender<Until>,
    pub stop: Stop,
    pub host: Option<String>,
    pub color: bool,
}

impl Keyboard {
    pub fn new(reins: Reins) -> Self {
        let (prompt, paused) = channel();
        let tty = Tty::now();
        let lent = tty.clone();
        std::thread::spawn(move || {
            let mut prompt = Prompt::new(reins, lent);
            while let Ok(standing) = paused.recv() {
                prompt.ask(&standing);
            }
        });
        Self {
            scene: Scene::default(),
            held: None,
            prompt,
            tty,
        }
    }

    /// Passes an event on to what shows it, or asks.
    pub fn tell(&mut self, event: &Event, mut show: impl FnMut(&Event)) {
        match &event.what {
            What::Paused(pause) => {
                show(event);
                self.held = Some(Vec::new());
                // It listens as long as there is a terminal; without one the run was not started.
                let _ = self.prompt.send(self.scene.standing(pause));
            }
            What::Resumed { .. } => {
                // If the run is to end, the prompt may still wait.
                self.tty.take_back();
                show(event);
                for event in self.held.take().unwrap_or_default() {
                    show(&event);
                }
            }
            _ => match &mut self.held {
                Some(held) => held.push(event.clone()),
                None => show(event),
            },
        }
        self.scene.take(event);
    }
}
