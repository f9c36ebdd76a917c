//! What all labs of a run stand on.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use crate::engine::Engine;
use crate::image::Images;
use crate::problem::{Blame, Problem};

use super::fabric::Rights;

/// What all labs of a run share.
#[derive(Debug)]
pub struct World {
    pub engine: Arc<dyn Engine>,
    pub images: Images,
    /// The run's id.
    pub run: String,
    /// Nothing of the host outside this folder is read for a playbook.
    pub root: PathBuf,
    /// How fabrics reach the nodes' networks: as it was asked for, else as the engine lets them.
    pub(super) rights: Mutex<Option<Rights>>,
    /// What is built may outlive the run.
    pub(super) lasting: bool,
    /// Network cards of the engine's machine that playbooks may use.
    cards: Vec<String>,
    scopes: AtomicU32,
}

impl World {
    pub fn new(engine: Arc<dyn Engine>, images: Images, run: &str, root: PathBuf) -> Self {
        Self {
            engine,
            images,
            run: run.to_owned(),
            root,
            rights: Mutex::default(),
            lasting: false,
            cards: Vec::new(),
            scopes: AtomicU32::new(0),
        }
    }

    /// Labs are numbered from 1.
    pub(super) fn next_scope(&self) -> u32 {
        self.scopes.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The same for a run whose nodes may be kept.
    #[must_use]
    pub fn that_may_last(self, lasting: bool) -> Self {
        Self { lasting, ..self }
    }

    /// The same with these cards of the engine's machine allowed.
    #[must_use]
    pub fn with_cards(self, cards: Vec<String>) -> Self {
        Self { cards, ..self }
    }

    /// Fails unless playbooks may use this card.
    pub(super) fn must_allow(&self, card: &str) -> Result<(), Problem> {
        if self.cards.iter().any(|it| it == card) {
            return Ok(());
        }
        let message = format!("`{card}` is an interface of the host, which this run may not use");
        Err(Problem::new(Blame::Playbook, message)
            .note(format!("`pgdrill run --allow-nic {card} …` allows it"))
            .note("without `nic: true` it is a private LAN of that name"))
    }

    /// The same with fabrics of these rights.
    #[must_use]
    pub fn with_rights(self, rights: Option<Rights>) -> Self {
        *self.rights.lock().expect("no panic holds it") = rights;
        self
    }
}
