//! What can be called: the vocabulary and Rhai's library, by name.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{Engine, FuncMetadata};

use crate::script::all_keys;
use crate::script::engine::DISABLED;
use crate::script::kinds::Kind;
use crate::script::manual::{parameter, signature};
use crate::script::prose::TELL;

/// All functions that are not a playbook's.
pub struct Language {
    functions: BTreeMap<String, Vec<Function>>,
}

/// One way to call a function.
pub struct Function {
    /// Names and kinds.
    pub parameters: Vec<(String, String)>,
    pub signature: String,
    /// Part of the vocabulary, not of Rhai's library.
    pub ours: bool,
}

impl Language {
    pub fn of(engine: &Engine) -> Self {
        let collect =
            |library| engine.collect_fn_metadata(None, |it| Some(it.metadata.clone()), library);
        let ours: BTreeSet<u64> = collect(false).iter().map(|it| it.hash).collect();
        let mut functions: BTreeMap<String, Vec<Function>> = BTreeMap::new();
        for function in collect(true) {
            let ours = ours.contains(&function.hash);
            let known = functions.entry(function.name.to_string()).or_default();
            known.push(Function::of(&function, ours));
        }
        for overloads in functions.values_mut() {
            overloads.sort_by(|a, b| {
                (a.parameters.len(), &a.signature).cmp(&(b.parameters.len(), &b.signature))
            });
        }
        Self { functions }
    }

    pub fn overloads(&self, name: &str) -> &[Function] {
        if name == TELL {
            return &[];
        }
        self.functions.get(name).map_or(&[], Vec::as_slice)
    }

    /// Names for suggestions: the vocabulary's, then Rhai's.
    pub fn names(&self, ours: bool) -> impl Iterator<Item = &str> {
        let written = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        (self.functions.iter())
            .filter(move |(_, overloads)| overloads.iter().any(|it| it.ours) == ours)
            .map(|(name, _)| name.as_str())
            .filter(written)
            .filter(|name| *name != TELL && !DISABLED.contains(name))
    }

    /// The options of a function, if it takes any, and what they may be.
    pub fn options(name: &str) -> Option<&'static [(&'static str, Kind)]> {
        let all = all_keys();
        let found = all.iter().find(|it| it.function == name);
        found.map(|it| it.keys)
    }
}

impl Function {
    fn of(function: &FuncMetadata, ours: bool) -> Self {
        let mut parameters: Vec<_> = function
            .params_info
            .iter()
            .map(|it| parameter(it))
            .collect();
        parameters.resize_with(function.num_params, || ("_".into(), "value".into()));
        Self {
            parameters,
            signature: signature(function),
            ours,
        }
    }
}
