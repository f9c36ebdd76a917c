//! `import`: other playbooks' functions, from beside the importing file, from `scenarios/lib` of
//! the root, or from the library that pgdrill brings. Nothing outside the root is ever read.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rhai::{Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};
use rust_embed::RustEmbed;

use super::raise::{RhaiResultOf, raise};
use crate::event::Place;
use crate::problem::{Blame, Problem};

#[derive(RustEmbed)]
#[folder = "scenarios/lib/"]
struct Library;

/// The text of an import and where it was found.
pub struct Found {
    pub path: String,
    pub source: String,
}

/// Finds and compiles imports.
pub struct Imports {
    root: PathBuf,
    beside: PathBuf,
    compiled: Mutex<HashMap<String, Shared<Module>>>,
}

impl Imports {
    pub fn new(root: PathBuf, beside: PathBuf) -> Self {
        Self {
            root,
            beside,
            compiled: Mutex::default(),
        }
    }

    /// Finds an import of a file (or, without one, of the playbook).
    pub fn find(&self, importer: Option<&str>, path: &str) -> Result<Found, String> {
        let relative = Path::new(path);
        let plain =
            |part: std::path::Component<'_>| matches!(part, std::path::Component::Normal(_));
        if path.is_empty() || !relative.components().all(plain) {
            return Err("only plain names are allowed, and `/` between them".to_owned());
        }
        let file = format!("{path}.rhai");
        let importer = importer
            .map(|it| self.root.join(it))
            .and_then(|it| it.parent().map(Path::to_path_buf));
        let folders = [
            importer.as_ref().unwrap_or(&self.beside),
            &self.beside,
            &self.root.join("scenarios"),
        ]
        .map(|folder| folder.join(&file));
        for candidate in folders {
            let Ok(candidate) = candidate.canonicalize() else {
                continue;
            };
            let root = self
                .root
                .canonicalize()
                .map_err(|error| error.to_string())?;
            if !candidate.starts_with(&root) {
                return Err("it lies outside the playbook's root".to_owned());
            }
            let source = std::fs::read_to_string(&candidate).map_err(|error| error.to_string())?;
            let shown = candidate
                .strip_prefix(&root)
                .unwrap_or(&candidate)
                .display()
                .to_string();
            return Ok(Found {
                path: shown,
                source,
            });
        }
        let embedded = path
            .strip_prefix("lib/")
            .and_then(|name| Library::get(&format!("{name}.rhai")));
        if let Some(embedded) = embedded {
            return Ok(Found {
                path: format!("scenarios/{file}"),
                source: String::from_utf8_lossy(&embedded.data).into_owned(),
            });
        }
        Err(format!(
            "there is no `{file}` beside it, and no `scenarios/{file}`"
        ))
    }
}

impl ModuleResolver for Imports {
    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> RhaiResultOf<Shared<Module>> {
        let wrong = |text: String| -> Box<EvalAltResult> {
            let place = Place {
                file: source.unwrap_or_default().to_owned(),
                line: position.line().unwrap_or_default(),
                column: position.position().unwrap_or_default(),
            };
            raise(
                Problem::new(
                    Blame::Playbook,
                    format!("import \"{path}\" can't be found: {text}"),
                )
                .at(place),
            )
        };
        let found = self.find(source, path).map_err(wrong)?;
        let known = self
            .compiled
            .lock()
            .expect("no panic holds it")
            .get(&found.path)
            .cloned();
        if let Some(module) = known {
            return Ok(module);
        }
        let mut ast = engine.compile(&found.source).map_err(|error| {
            let inner = EvalAltResult::ErrorParsing(error.err_type().clone(), error.position());
            raise(super::raise::problem(&inner, &found.path))
        })?;
        ast.set_source(found.path.as_str());
        let module = Module::eval_ast_as_new(Scope::new(), &ast, engine)?;
        let module = Shared::new(module);
        self.compiled
            .lock()
            .expect("no panic holds it")
            .insert(found.path, Shared::clone(&module));
        Ok(module)
    }
}
