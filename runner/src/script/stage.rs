//! What a script's host functions stand on: the session, and what belongs to its playbook alone.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use rhai::{Engine, Module, Shared};

use super::invariants::Invariant;
use crate::event::{Place, What};
use crate::problem::Problem;
use crate::session::Session;

/// Something to be done at the end, whatever happened.
pub type Finalizer = Box<dyn FnOnce(&Engine) -> Result<(), Problem> + Send + Sync>;

/// The stage of one playbook.
pub struct Stage {
    pub session: Arc<Session>,
    path: String,
    /// The playbook's text, as far as it is written.
    source: Mutex<String>,
    /// What was imported for good, by a script that is typed.
    modules: Mutex<Vec<(String, Shared<Module>)>>,
    /// By the lab that they belong to.
    finalizers: Mutex<Vec<(usize, Finalizer)>>,
    invariants: Mutex<Vec<(usize, Arc<Invariant>)>>,
    /// Prose that was told already, by the scope it was told in: once is enough, also in a loop.
    told: Mutex<HashSet<(usize, String)>>,
}

impl Stage {
    pub fn new(session: Arc<Session>, path: &str, source: &str) -> Self {
        Self {
            session,
            path: path.to_owned(),
            source: Mutex::new(source.to_owned()),
            modules: Mutex::default(),
            finalizers: Mutex::default(),
            invariants: Mutex::default(),
            told: Mutex::default(),
        }
    }

    pub fn tell(&self, text: &str) {
        let scope = self.session.scope();
        if self
            .told
            .lock()
            .expect("no panic holds it")
            .insert((scope, text.to_owned()))
        {
            self.session.sink.send(What::Prose {
                text: text.to_owned(),
            });
        }
    }

    pub fn at_the_end(&self, finalizer: Finalizer) {
        self.finalizers
            .lock()
            .expect("no panic holds it")
            .push((self.session.scope(), finalizer));
    }

    /// The same stage for an observer.
    pub fn observed(&self) -> Self {
        let stage = Self::new(Arc::new(self.session.observer()), &self.path, "");
        let modules = self.modules();
        *stage.modules.lock().expect("no panic holds it") = modules;
        stage
    }

    /// From here on the playbook's text is this.
    pub fn reads(&self, source: &str) {
        source.clone_into(&mut self.source.lock().expect("no panic holds it"));
    }

    /// Has an import be there in all engines on this stage.
    pub fn imports(&self, name: &str, module: Shared<Module>) {
        let mut modules = self.modules.lock().expect("no panic holds it");
        modules.push((name.to_owned(), module));
    }

    pub fn modules(&self) -> Vec<(String, Shared<Module>)> {
        self.modules.lock().expect("no panic holds it").clone()
    }

    /// Has an invariant end with the innermost lab.
    pub fn holds(&self, invariant: &Arc<Invariant>) {
        self.invariants
            .lock()
            .expect("no panic holds it")
            .push((self.session.scope(), Arc::clone(invariant)));
    }

    /// Ends the invariants of the innermost lab, and does what `finally` asked for in it, the last
    /// one first.
    pub fn finish(&self, engine: &Engine) -> Vec<Problem> {
        let scope = self.session.scope();
        let ending: Vec<_> = {
            let mut invariants = self.invariants.lock().expect("no panic holds it");
            invariants.extract_if(.., |(of, _)| *of == scope).collect()
        };
        let broken = ending.iter().filter_map(|(_, it)| it.end());
        let mut problems: Vec<_> = broken.collect();
        let due: Vec<_> = {
            let mut finalizers = self.finalizers.lock().expect("no panic holds it");
            finalizers.extract_if(.., |(of, _)| *of == scope).collect()
        };
        let finalized = due.into_iter().rev();
        problems.extend(finalized.filter_map(|(_, finalizer)| finalizer(engine).err()));
        problems
    }

    /// The variable that the value of the call at this place goes to, as its line says.
    pub fn variable(&self, place: &Place) -> Option<String> {
        if place.file != self.path {
            return None;
        }
        let source = self.source.lock().expect("no panic holds it");
        let line = source.lines().nth(place.line.checked_sub(1)?)?;
        let before = line
            .chars()
            .take(place.column.saturating_sub(1))
            .collect::<String>();
        let before = before.trim_end().strip_suffix('=')?.trim_end();
        let name = before
            .rsplit(|c: char| !(c.is_alphanumeric() || c == '_'))
            .next()?;
        (!name.is_empty()).then(|| name.to_owned())
    }
}
