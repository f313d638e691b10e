//! From an audit and what it was made of to what the report holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use crate::diagnostic::{Applicability, Basis, Diagnostic, Savings, Span};
use crate::lint::Report;
use crate::output::{escape, escape_lines, shown_path};
use crate::rules::{self, Page};
use crate::text::mask_credentials;
use crate::workspace::Workspace;

use super::super::patches::{cut, is_fixable};
use super::super::service::is_about_bytes;
use super::super::{Audit, AuditedService, Cause, Order, Part, Patches, Shown, Sources};
use super::data::{Document, Finding, Fix, Patch, Place, Rule, Service, SharedCause, Totals};

impl Document {
    pub fn new(audit: &Audit, sources: &Sources<'_>, shown: &Shown) -> Self {
        let roots: HashMap<&Path, usize> =
            sources.reports.iter().enumerate().map(|(index, (workspace, _))| (workspace.root(), index)).collect();
        let rows = audit.rows(shown);
        let mut collected = Collected::new(sources.cwd);
        let first_patches: Vec<usize> =
            sources.patches.iter().map(|patches| collected.patches(sources.reports, patches)).collect();
        let services: Vec<Service> = rows
            .iter()
            .map(|service| {
                let mut row = collected.service(service);
                let root = roots.get(service.root.as_path()).copied().unwrap_or(usize::MAX);
                if let Some((workspace, report)) = sources.reports.get(root) {
                    let findings = || service.findings.iter().filter_map(|&at| Some((at, report.diagnostics.get(at)?)));
                    row.findings =
                        findings().map(|(at, finding)| collected.finding((root, at), workspace, finding)).collect();
                    let files = edited(findings().map(|(_, finding)| finding));
                    for (patches, first) in sources.patches.iter().zip(&first_patches) {
                        if patches.root == service.root {
                            row.patches.extend(patches.of(&files).map(|index| first + index));
                        }
                    }
                }
                row
            })
            .collect();
        let numbers: HashMap<&str, usize> =
            rows.iter().enumerate().map(|(number, service)| (service.name.as_str(), number)).collect();
        let number = |index: &usize| numbers.get(audit.services.get(*index)?.name.as_str()).copied();
        let causes = audit.causes.iter().map(|cause| collected.cause(cause, &number)).collect();
        let Collected { findings, patches, rules, basis, .. } = collected;
        let totals = Totals {
            all: audit.totals,
            parts: sums(&audit.services),
            keep: shown.keep,
            left_out: audit.totals.services - services.len(),
            unplanned: sources.patches.iter().map(|patches| patches.unplanned).sum(),
            basis,
        };
        Self {
            version: 1,
            title: title(sources),
            tool: concat!("slimlint ", env!("CARGO_PKG_VERSION")),
            totals,
            parts: Part::ALL.iter().map(|part| part.name()).collect(),
            order: match shown.order {
                Order::Reclaimable => "reclaimable",
                Order::Image => "image",
                Order::Findings => "findings",
                Order::Name => "name",
            },
            rules,
            services,
            causes,
            findings,
            patches,
        }
    }
}

/// The parts of all images. A sum is complete when all of its figures are.
fn sums(services: &[AuditedService]) -> Vec<(Option<u64>, bool, u64)> {
    let of = |part: Part| {
        let figures =
            || services.iter().filter_map(move |service| service.parts.iter().find(|known| known.part == part));
        (
            Some(figures().filter_map(|figure| figure.bytes).sum()),
            figures().all(|figure| figure.complete),
            figures().map(|figure| figure.reclaimable).sum(),
        )
    };
    Part::ALL.into_iter().map(of).collect()
}

/// The names of the folders, not where they are on this machine.
fn title(sources: &Sources<'_>) -> String {
    let name = |(workspace, _): &(Workspace, Report)| {
        workspace.root().file_name().map(|name| escape(&name.to_string_lossy()).into_owned())
    };
    let names: Vec<String> = sources.reports.iter().filter_map(name).collect();
    match names.as_slice() {
        [first, second, third, _, ..] => format!("{first}, {second}, {third} and {} more", names.len() - 3),
        few => few.join(", "),
    }
}

/// The files that the fixes of `findings` change.
fn edited<'d>(findings: impl Iterator<Item = &'d Diagnostic>) -> BTreeSet<&'d str> {
    let fixes = findings.filter(|finding| is_fixable(finding)).filter_map(|finding| finding.fix.as_ref());
    fixes.flat_map(|fix| &fix.edits).map(|edit| &*edit.file).collect()
}

/// What services share, each once.
struct Collected<'r> {
    cwd: &'r Path,
    findings: Vec<Finding>,
    numbers: HashMap<(usize, usize), usize>,
    patches: Vec<Patch>,
    rules: BTreeMap<&'static str, Rule>,
    basis: BTreeMap<&'static str, usize>,
    slugs: BTreeSet<String>,
}

impl<'r> Collected<'r> {
    fn new(cwd: &'r Path) -> Self {
        Self {
            cwd,
            findings: Vec::new(),
            numbers: HashMap::new(),
            patches: Vec::new(),
            rules: BTreeMap::new(),
            basis: BTreeMap::new(),
            slugs: BTreeSet::new(),
        }
    }

    /// Adds the patches of one root; the number of the first.
    fn patches(&mut self, reports: &[(Workspace, Report)], patches: &Patches) -> usize {
        let first = self.patches.len();
        let root = reports.iter().map(|(workspace, _)| workspace.root()).find(|root| *root == patches.root);
        let root = root.unwrap_or(&patches.root);
        self.patches.extend(patches.files.iter().map(|patch| Patch {
            file: escape(&shown_path(root, &patch.path, self.cwd)).into_owned(),
            text: patch.text.clone(),
            left_out: patch.left_out,
            fixes: patch.fixes,
        }));
        first
    }

    /// The service, as yet without findings and patches.
    fn service(&mut self, service: &AuditedService) -> Service {
        let text = |text: &str| escape(text).into_owned();
        Service {
            slug: self.slug(&service.name),
            name: text(&service.name),
            dockerfile: text(&service.dockerfile),
            context: text(&service.context),
            target: service.target.as_deref().map(text),
            base: service.base.as_deref().map(text),
            image: service.image_bytes(),
            complete: service.is_complete(),
            reclaimable: service.reclaimable_bytes,
            unmeasured: service.unmeasured,
            dominant: service.dominant.as_deref().map(text),
            parts: service.parts.iter().map(|part| (part.bytes, part.complete, part.reclaimable)).collect(),
            findings: Vec::new(),
            patches: Vec::new(),
        }
    }

    /// `comps-asr` for `comps/asr`: letters, digits and hyphens, unlike any before it.
    fn slug(&mut self, name: &str) -> String {
        let lower = name.to_lowercase();
        let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let slug = words.collect::<Vec<_>>().join("-");
        let mut unique = slug.clone();
        let mut number = 1;
        while !self.slugs.insert(unique.clone()) {
            number += 1;
            unique = format!("{slug}-{number}");
        }
        unique
    }

    /// The number of a finding, which may be that of several services.
    fn finding(&mut self, key: (usize, usize), workspace: &Workspace, found: &Diagnostic) -> usize {
        if let Some(&number) = self.numbers.get(&key) {
            return number;
        }
        let number = self.findings.len();
        self.numbers.insert(key, number);
        self.rule(found.rule);
        let savings = found.savings.as_ref();
        let basis = savings.and_then(Savings::basis).map(Basis::name);
        if let Some(basis) = basis {
            *self.basis.entry(basis).or_default() += 1;
        }
        let (place, code) = self.place(workspace, &found.primary);
        let label = |(span, message): (&Span, &str)| (self.place(workspace, span).0, escape(message).into_owned());
        let own = (!found.primary_label.is_empty()).then_some((&found.primary, found.primary_label.as_str()));
        let further = found.labels.iter().map(|label| (&label.span, label.message.as_str()));
        let finding = Finding {
            rule: found.rule,
            severity: found.severity.name(),
            message: escape(&found.message).into_owned(),
            labels: own.into_iter().chain(further).map(label).collect(),
            notes: found.notes.iter().map(|(name, text)| (*name, escape_lines(text.as_bytes()))).collect(),
            help: found.help.as_deref().map(|help| escape_lines(help.as_bytes())),
            bytes: savings.filter(|savings| !savings.items.is_empty()).map(Savings::bytes),
            at_least: savings.is_some_and(|savings| !savings.complete),
            in_image: is_about_bytes(found),
            basis,
            fix: found.fix.as_ref().map(|fix| Fix {
                title: escape(&fix.title).into_owned(),
                kind: fix.applicability.name(),
                is_made: fix.applicability > Applicability::Display,
                risk: fix.caution.as_deref().map(|risk| escape_lines(risk.as_bytes())),
            }),
            place,
            code,
        };
        self.findings.push(finding);
        number
    }

    /// `api/Dockerfile:3`, and the line.
    fn place(&self, workspace: &Workspace, span: &Span) -> (String, String) {
        let path = shown_path(workspace.root(), &span.file, self.cwd);
        let path = escape(&path);
        let is_whole = span.range.is_empty() && span.range.start() == 0;
        match workspace.read(&span.file).ok().filter(|file| !is_whole && !file.text().is_empty()) {
            Some(file) => {
                let line = file.line(span.range.start());
                let text = file.text().lines().nth(line.saturating_sub(1) as usize).unwrap_or_default();
                (format!("{path}:{line}"), cut(&escape(&mask_credentials(text.trim()))))
            }
            None => (path.into_owned(), String::new()),
        }
    }

    fn rule(&mut self, name: &'static str) {
        self.rules.entry(name).or_insert_with(|| {
            let page = rules::find(name).map(|rule| rule.page);
            let summary = page.map(Page::summary).unwrap_or_default();
            Rule { group: page.map_or("", |page| page.group), summary }
        });
    }

    fn cause(&mut self, cause: &Cause, number: &impl Fn(&usize) -> Option<usize>) -> SharedCause {
        self.rule(cause.rule);
        let places = cause.wheres.iter().map(|place| Place {
            kind: place.subject.kind(),
            name: escape(&place.subject.name()).into_owned(),
            bytes: place.bytes,
            at_least: place.at_least,
            count: place.services.len(),
            services: place.services.iter().filter_map(number).collect(),
        });
        SharedCause {
            rule: cause.rule,
            fix: cause.remedy.name(),
            bytes: cause.bytes,
            at_least: cause.at_least,
            count: cause.services.len(),
            services: cause.services.iter().filter_map(number).collect(),
            places: places.collect(),
        }
    }
}
