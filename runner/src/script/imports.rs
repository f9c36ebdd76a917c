//! `import`: other playbooks' functions, from beside the importing file, from `scenarios/lib` of
//! the root, or from the library that pgdrill brings. Nothing outside the root is ever read.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Mutex;
use std::thread::{self, ThreadId};

use rhai::{Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};
use rust_embed::RustEmbed;

use super::engine::Playbook;
use super::raise::{RhaiResultOf, raise};
use super::words;
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
    /// What is being imported, by the thread that does: again there, and it goes round.
    open: Mutex<HashSet<(ThreadId, String)>>,
}

impl Imports {
    pub fn new(root: PathBuf, beside: PathBuf) -> Self {
        Self {
            root,
            beside,
            compiled: Mutex::default(),
            open: Mutex::default(),
        }
    }

    /// Finds an import of a file (or, without one, of the playbook).
    pub fn find(&self, importer: Option<&str>, path: &str) -> Result<Found, String> {
        let relative = Path::new(path);
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
        if path.is_empty() || !relative.components().all(plain) {
            return Err("only plain names are allowed, and `/` between them".to_owned());
        }
        let file = format!("{path}.rhai");
        let importer = importer
            .filter(|it| {
                Path::new(it)
                    .components()
                    .all(|part| part != Component::ParentDir)
            })
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
            "there is no `{file}` beside it, and no `scenarios/{file}` in `{}`",
            self.root.display()
        ))
    }
}

impl Imports {
    /// What could be imported from `lib`, for suggestions.
    pub fn names(&self) -> Vec<String> {
        let folder = self.root.join("scenarios/lib");
        let own = std::fs::read_dir(folder).into_iter().flatten().flatten();
        own.map(|entry| entry.file_name().to_string_lossy().into_owned())
            .chain(Library::iter().map(std::borrow::Cow::into_owned))
            .filter_map(|name| Some(format!("lib/{}", name.strip_suffix(".rhai")?)))
            .collect()
    }
}

/// The text of a file that a place names: as the working directory has it, else the root, else the
/// library that pgdrill brings.
pub fn text(root: &Path, file: &str) -> Option<String> {
    let on_disk =
        std::fs::read_to_string(file).or_else(|_| std::fs::read_to_string(root.join(file)));
    on_disk.ok().or_else(|| {
        let embedded = Library::get(file.strip_prefix("scenarios/lib/")?)?;
        Some(String::from_utf8_lossy(&embedded.data).into_owned())
    })
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
            let message = format!("import \"{path}\" does not work: {text}");
            raise(Problem::new(Blame::Playbook, message).at(place))
        };
        let found = self.find(source, path).map_err(&wrong)?;
        let known = self
            .compiled
            .lock()
            .expect("no panic holds it")
            .get(&found.path)
            .cloned();
        if let Some(module) = known {
            return Ok(module);
        }
        let module = Playbook {
            path: found.path.clone(),
            source: found.source,
        };
        let mut ast = engine
            .compile(&module.source)
            .map_err(|error| raise(words::unparsed(engine, &module, &error)))?;
        ast.set_source(found.path.as_str());
        let this = (thread::current().id(), module.path.clone());
        let open = || self.open.lock().expect("no panic holds it");
        if !open().insert(this.clone()) {
            return Err(wrong("it imports itself".to_owned()));
        }
        let evaluated = Module::eval_ast_as_new(Scope::new(), &ast, engine);
        open().remove(&this);
        let module = Shared::new(evaluated?);
        self.compiled
            .lock()
            .expect("no panic holds it")
            .insert(found.path.clone(), Shared::clone(&module));
        Ok(module)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::engine::vocabulary;

    #[test]
    fn an_import_that_goes_round_by_a_computed_name_is_an_error_too() {
        let root = tempfile::tempdir().expect("a folder");
        std::fs::write(root.path().join("a.rhai"), "let b = \"b\"; import b as b;")
            .expect("a file");
        std::fs::write(root.path().join("b.rhai"), "let a = \"a\"; import a as a;")
            .expect("a file");
        let mut engine = vocabulary();
        engine.set_module_resolver(Imports::new(root.path().into(), root.path().into()));
        let error = engine.run("import \"a\" as a;").expect_err("it goes round");
        let problem = crate::script::raise::problem(&error, "drill.rhai");
        assert_eq!(
            problem.message,
            "import \"a\" does not work: it imports itself"
        );
    }
}
