//! Environment markers (PEP 508, "Environment Markers"), evaluated with a third value for what cannot be known.

use pep508_rs::pep440_rs::{Version, VersionSpecifier};
use std::str::FromStr;

use super::scanner::Scanner;
use super::{PackageName, Platform};

/// Parentheses and `not`s deeper than this make a marker unknown, so that hostile input cannot exhaust the stack.
const DEPTH_LIMIT: u32 = 64;

/// Kleene's three values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    Unknown,
}

impl Truth {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        self.negated().and(other.negated()).negated()
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

/// Evaluates `marker` on Linux and `CPython`. A marker that is not well formed is unknown.
pub(super) fn evaluate(marker: &str, platform: &Platform, extras: &[PackageName]) -> Truth {
    decide(marker, platform, extras, false)
}

/// [`evaluate`] where `extras` holds all of uv's made-up names that are active, so that any other is not.
pub(super) fn evaluate_chosen(marker: &str, platform: &Platform, extras: &[PackageName]) -> Truth {
    decide(marker, platform, extras, true)
}

fn decide(marker: &str, platform: &Platform, extras: &[PackageName], chosen: bool) -> Truth {
    let mut evaluator = Evaluator { scanner: Scanner::new(marker), platform, extras, chosen, depth: 0 };
    let truth = evaluator.alternatives();
    evaluator.scanner.skip_blank();
    truth.filter(|_| evaluator.scanner.is_done()).unwrap_or(Truth::Unknown)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Version(&'static str),
    In,
    NotIn,
}

#[derive(Clone, Copy, Debug)]
enum Operand<'a> {
    Literal(&'a str),
    Text(&'a str),
    PythonVersion,
    PythonFullVersion,
    Extra,
    Extras,
    Unknown,
}

struct Evaluator<'a> {
    scanner: Scanner<'a>,
    platform: &'a Platform,
    extras: &'a [PackageName],
    /// Whether the made-up names among `extras` are all there are.
    chosen: bool,
    depth: u32,
}

impl<'a> Evaluator<'a> {
    fn alternatives(&mut self) -> Option<Truth> {
        let mut truth = self.conjunction()?;
        loop {
            self.scanner.skip_blank();
            if !self.scanner.eat_word("or") {
                return Some(truth);
            }
            truth = truth.or(self.conjunction()?);
        }
    }

    fn conjunction(&mut self) -> Option<Truth> {
        let mut truth = self.term()?;
        loop {
            self.scanner.skip_blank();
            if !self.scanner.eat_word("and") {
                return Some(truth);
            }
            truth = truth.and(self.term()?);
        }
    }

    fn term(&mut self) -> Option<Truth> {
        self.scanner.skip_blank();
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return None;
        }
        let truth = if self.scanner.eat("(") {
            let truth = self.alternatives()?;
            self.scanner.skip_blank();
            self.scanner.eat(")").then_some(truth)
        } else if self.scanner.eat_word("not") {
            self.term().map(Truth::negated)
        } else {
            self.comparison()
        };
        self.depth -= 1;
        truth
    }

    fn comparison(&mut self) -> Option<Truth> {
        let left = self.operand()?;
        let operator = self.operator()?;
        let right = self.operand()?;
        Some(match (left, right) {
            (Operand::Literal(left), Operand::Literal(right)) => compare_text(left, operator, right),
            (variable, Operand::Literal(literal)) => self.compare(variable, operator, literal, false),
            (Operand::Literal(literal), variable) => self.compare(variable, operator, literal, true),
            _ => Truth::Unknown,
        })
    }

    fn operand(&mut self) -> Option<Operand<'a>> {
        self.scanner.skip_blank();
        for quote in ["'", "\""] {
            if self.scanner.eat(quote) {
                let text = self.scanner.take_while(|byte| !quote.as_bytes().contains(&byte));
                return self.scanner.eat(quote).then_some(Operand::Literal(text));
            }
        }
        let name = self.scanner.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
        if name.is_empty() {
            return None;
        }
        Some(match name {
            "sys_platform" | "sys.platform" => Operand::Text("linux"),
            "platform_system" => Operand::Text("Linux"),
            "os_name" | "os.name" => Operand::Text("posix"),
            "implementation_name" => Operand::Text("cpython"),
            "platform_python_implementation" | "platform.python_implementation" | "python_implementation" => {
                Operand::Text("CPython")
            }
            "platform_machine" | "platform.machine" if !self.platform.machine.is_empty() => {
                Operand::Text(&self.platform.machine)
            }
            "python_version" => Operand::PythonVersion,
            "python_full_version" | "implementation_version" => Operand::PythonFullVersion,
            "extra" => Operand::Extra,
            "extras" => Operand::Extras,
            _ => Operand::Unknown,
        })
    }

    fn operator(&mut self) -> Option<Operator> {
        self.scanner.skip_blank();
        if self.scanner.eat_word("in") {
            return Some(Operator::In);
        }
        if self.scanner.eat_word("not") {
            self.scanner.skip_blank();
            return self.scanner.eat_word("in").then_some(Operator::NotIn);
        }
        let known = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"];
        known.into_iter().find(|token| self.scanner.eat(token)).map(Operator::Version)
    }

    /// `swapped`: the literal stands on the left.
    fn compare(&self, variable: Operand<'_>, operator: Operator, literal: &str, swapped: bool) -> Truth {
        match variable {
            Operand::Text(value) => {
                let (left, right) = if swapped { (literal, value) } else { (value, literal) };
                compare_text(left, operator, right)
            }
            Operand::PythonVersion | Operand::PythonFullVersion => {
                self.compare_python(variable, operator, literal, swapped)
            }
            Operand::Extra => match operator {
                Operator::Version("==" | "===") => self.has_extra(literal),
                Operator::Version("!=") => self.has_extra(literal).negated(),
                _ => Truth::Unknown,
            },
            Operand::Extras if swapped && operator == Operator::In => self.has_extra(literal),
            Operand::Extras if swapped && operator == Operator::NotIn => self.has_extra(literal).negated(),
            _ => Truth::Unknown,
        }
    }

    fn has_extra(&self, literal: &str) -> Truth {
        let name = PackageName::new(literal);
        if self.extras.contains(&name) {
            return Truth::True;
        }
        if !self.chosen && is_synthetic(name.as_str()) { Truth::Unknown } else { Truth::False }
    }

    fn compare_python(&self, variable: Operand<'_>, operator: Operator, literal: &str, swapped: bool) -> Truth {
        let Some((major, minor)) = self.platform.python else { return Truth::Unknown };
        if !matches!(variable, Operand::PythonFullVersion) {
            return compare_version(&format!("{major}.{minor}"), operator, literal, swapped);
        }
        if let Some(patch) = self.platform.patch {
            return compare_version(&format!("{major}.{minor}.{patch}"), operator, literal, swapped);
        }
        if !matches!(operator, Operator::Version(_)) {
            // `not in '3.9.0, 3.9.1'`
            let is_other = !swapped && !literal.contains(&format!("{major}.{minor}."));
            return if is_other { (operator == Operator::NotIn).into() } else { Truth::Unknown };
        }
        if let Some(patch) = self.platform.patch {
            return compare_version(&format!("{major}.{minor}.{patch}"), operator, literal, swapped);
        }
        // The patch release is not known: decided only if every one that could make a difference agrees.
        let named = literal.split('.').nth(2).and_then(|micro| micro.parse::<u32>().ok()).unwrap_or_default();
        let micros = [0, named.saturating_sub(1), named, named.saturating_add(1), 9_999];
        let mut results = micros
            .into_iter()
            .map(|micro| compare_version(&format!("{major}.{minor}.{micro}"), operator, literal, swapped));
        let first = results.next().unwrap_or(Truth::Unknown);
        if results.all(|result| result == first) { first } else { Truth::Unknown }
    }
}

/// The names uv.lock makes up for `[tool.uv] conflicts`: `extra-8-demo-app-cpu`, `group-8-demo-app-dev`, `project-8-demo-app`.
fn is_synthetic(name: &str) -> bool {
    ["extra-", "group-", "project-"]
        .into_iter()
        .find_map(|kind| name.strip_prefix(kind))
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(length, _)| !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()))
}

fn compare_text(left: &str, operator: Operator, right: &str) -> Truth {
    match operator {
        Operator::In => right.contains(left).into(),
        Operator::NotIn => (!right.contains(left)).into(),
        Operator::Version("==" | "===") => (left == right).into(),
        Operator::Version("!=") => (left != right).into(),
        // PEP 508 leaves the order of strings to Python, that is, to code points.
        Operator::Version("<") => (left < right).into(),
        Operator::Version("<=") => (left <= right).into(),
        Operator::Version(">") => (left > right).into(),
        Operator::Version(">=") => (left >= right).into(),
        Operator::Version(_) => Truth::Unknown,
    }
}

fn compare_version(value: &str, operator: Operator, literal: &str, swapped: bool) -> Truth {
    let (left, right) = if swapped { (literal, value) } else { (value, literal) };
    let Operator::Version(symbol) = operator else { return compare_text(left, operator, right) };
    satisfies(&format!("{symbol}{}", right.trim()), left.trim()).map_or(Truth::Unknown, Truth::from)
}

/// Whether `version` satisfies one PEP 440 clause; `None` when either is not well formed.
pub(super) fn satisfies(clause: &str, version: &str) -> Option<bool> {
    if let Some(exact) = clause.strip_prefix("===") {
        return Some(exact.trim().eq_ignore_ascii_case(version));
    }
    let specifier = VersionSpecifier::from_str(clause).ok()?;
    let version = Version::from_str(version).ok()?;
    // `==2.1.*` compares segment by segment: without zeros behind it, `2` would pass.
    let mut release = version.release().to_vec();
    release.resize(release.len().max(specifier.version().release().len()), 0);
    Some(specifier.contains(&version.with_release(release)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_decided_stays_unknown() {
        let known = Platform { machine: "aarch64".to_owned(), python: Some((3, 11)), ..Platform::default() };
        let extras = [PackageName::new("GPU_all")];
        let decide = |marker: &str| match evaluate(marker, &known, &extras) {
            Truth::True => 't',
            Truth::False => 'f',
            Truth::Unknown => '?',
        };
        for (marker, expected) in [
            ("sys_platform == 'linux'", 't'),
            ("sys_platform == \"darwin\" and python_version < '3'", 'f'),
            ("os_name != 'nt' or platform_release == 'x'", 't'),
            ("platform_release == '6' and sys_platform == 'win32'", 'f'),
            ("platform_release == '6' and sys_platform == 'linux'", '?'),
            ("platform_machine in 'x86_64 amd64'", 'f'),
            ("platform_machine not in 'x86_64 amd64'", 't'),
            ("'linux' in sys_platform", 't'),
            ("python_version >= '3.9' and python_version < '3.12'", 't'),
            ("python_version == '3.*'", 't'),
            ("'3.9' <= python_version", 't'),
            ("python_version in '3.10, 3.11'", 't'),
            ("python_full_version < '3.11'", 'f'),
            ("python_full_version < '3.12.4'", 't'),
            ("python_full_version < '3.11.4'", '?'),
            ("python_full_version == '3.11.4'", '?'),
            ("python_full_version == '3.11.*'", 't'),
            ("python_full_version not in '3.9.0, 3.9.1'", 't'),
            ("python_full_version in '3.9.0, 3.9.1'", 'f'),
            ("python_full_version in '3.11.0, 3.9.1'", '?'),
            ("extra == 'gpu-all'", 't'),
            ("extra == 'cpu'", 'f'),
            ("'gpu.all' in extras", 't'),
            ("extra == 'extra-8-demo-app-cpu'", '?'),
            ("not (extra == 'cpu')", 't'),
            ("(sys_platform == 'linux'", '?'),
            ("sys_platform", '?'),
            ("", '?'),
            ("python_version >= 'three'", '?'),
        ] {
            assert_eq!(decide(marker), expected, "{marker}");
        }
        assert_eq!(evaluate("python_version > '3'", &Platform::default(), &[]), Truth::Unknown);
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = "(".repeat(1_000_000) + "os_name == 'posix'";
        assert_eq!(evaluate(&deep, &Platform::default(), &[]), Truth::Unknown);
        assert_eq!(evaluate(&"not ".repeat(1_000_000), &Platform::default(), &[]), Truth::Unknown);
    }
}
