//! Every word and every simple command of a script, however deep.

use slimlint::shell::{AndOr, Command, CompoundKind, List, Part, Redirect, Script, SimpleCommand, Word};

/// What a script holds.
#[derive(Default)]
pub struct Inventory<'s> {
    pub words: Vec<&'s Word>,
    pub commands: Vec<&'s SimpleCommand>,
    /// Whether there is something that could not be read.
    pub opaque: bool,
}

impl<'s> Inventory<'s> {
    pub fn of(script: &'s Script) -> Self {
        let mut inventory = Self { opaque: !script.errors.is_empty(), ..Self::default() };
        inventory.list(&script.body);
        inventory
    }

    fn list(&mut self, list: &'s List) {
        list.items.iter().for_each(|item| self.and_or(&item.and_or));
    }

    fn and_or(&mut self, and_or: &'s AndOr) {
        and_or.pipelines().flat_map(|(_, pipeline)| &pipeline.commands).for_each(|command| self.command(command));
    }

    fn command(&mut self, command: &'s Command) {
        match command {
            Command::Opaque(_) => self.opaque = true,
            Command::Simple(simple) => {
                self.commands.push(simple);
                simple.assignments.iter().for_each(|assignment| self.word(&assignment.value));
                self.words(&simple.words);
                self.redirects(&simple.redirects);
            }
            Command::Compound(compound) => {
                self.compound(&compound.kind);
                self.redirects(&compound.redirects);
            }
        }
    }

    fn compound(&mut self, kind: &'s CompoundKind) {
        match kind {
            CompoundKind::Group(list) | CompoundKind::Subshell(list) | CompoundKind::ArithmeticFor { body: list } => {
                self.list(list);
            }
            CompoundKind::If { branches, otherwise } => {
                for branch in branches {
                    self.list(&branch.condition);
                    self.list(&branch.body);
                }
                if let Some(list) = otherwise {
                    self.list(list);
                }
            }
            CompoundKind::For { words, body, .. } => {
                if let Some(words) = words {
                    self.words(words);
                }
                self.list(body);
            }
            CompoundKind::While { condition, body } | CompoundKind::Until { condition, body } => {
                self.list(condition);
                self.list(body);
            }
            CompoundKind::Case { subject, arms } => {
                self.word(subject);
                for arm in arms {
                    self.words(&arm.patterns);
                    self.list(&arm.body);
                }
            }
            CompoundKind::Function { body, .. } => self.command(body),
            CompoundKind::Test(words) => self.words(words),
            CompoundKind::Arithmetic => {}
        }
    }

    fn redirects(&mut self, redirects: &'s [Redirect]) {
        for redirect in redirects {
            self.word(&redirect.target);
        }
    }

    fn words(&mut self, words: &'s [Word]) {
        for word in words {
            self.word(word);
        }
    }

    fn word(&mut self, word: &'s Word) {
        self.words.push(word);
        self.parts(&word.parts);
    }

    fn parts(&mut self, parts: &'s [Part]) {
        for part in parts {
            match part {
                Part::DoubleQuoted { parts, .. } => self.parts(parts),
                Part::Substitution { commands, .. } | Part::Process { commands, .. } => self.list(commands),
                _ => {}
            }
        }
    }
}
