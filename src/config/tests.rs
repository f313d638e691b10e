use std::path::Path;

use super::*;
use crate::diagnostic::{Basis, Component, Diagnostic, Savings, Span};
use crate::rules;
use crate::text::TextRange;
use crate::workspace::Workspace;

fn workspace(files: &[(&str, &str)]) -> Workspace {
    Workspace::in_memory(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())))
}

/// Which rules run of those that the tests speak of.
fn running(settings: &Settings) -> Vec<&'static str> {
    let names = ["pip-cache-kept", "uv-cache-kept", "apt-recommends", "unused-extra"];
    let runs = |name: &&str| rules::find(name).is_some_and(|rule| settings.severity_of(rule.page).is_some());
    names.into_iter().filter(runs).collect()
}

fn settings(files: &[(&str, &str)], dockerfile: &str) -> Result<Arc<Settings>, String> {
    let workspace = workspace(files);
    Configurations::default().settings(&workspace, dockerfile).map_err(|error| told(&error))
}

/// `path:line:column: problem`, a line for each.
fn told(error: &ConfigError) -> String {
    let line = |(position, problem): &(Option<crate::text::Position>, ConfigProblem)| {
        let place = position.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
        let origin = error.origin.to_string();
        format!("{}{place}: {problem}\n", origin.trim_start_matches("/workspace/"))
    };
    error.problems.iter().map(line).collect()
}

#[test]
fn thresholds() {
    let failing = |fail_on: FailOn| {
        [Severity::Info, Severity::Warning, Severity::Error]
            .into_iter()
            .filter(|&severity| fail_on.fails(severity))
            .count()
    };
    assert_eq!([FailOn::Never, FailOn::Error, FailOn::Warning, FailOn::Info].map(failing), [0, 1, 2, 3]);
    assert_eq!(FailOn::ALL.map(FailOn::name), FailOn::NAMES);
}

#[test]
fn the_nearest_file_holds_alone() {
    let files = [
        ("slimlint.toml", "select = ['pip-cache-kept']\nfail-on = 'error'\n"),
        ("a/pyproject.toml", "[project]\nname = 'a'\n"),
        ("a/b/pyproject.toml", "[tool.slimlint]\nselect = ['uv-cache-kept']\n"),
        ("a/b/c/.slimlint.toml", "select = ['apt-recommends']\n"),
        ("d/slimlint.toml", "select = ['unused-extra']\n"),
        ("d/.slimlint.toml", "select = ['apt-recommends']\n"),
        ("d/pyproject.toml", "tool.slimlint.select = ['caches']\n"),
        ("e/slimlint.toml", ""),
    ];
    for (dockerfile, rule, fail_on) in [
        ("Dockerfile", "pip-cache-kept", FailOn::Error),
        ("a/Dockerfile", "pip-cache-kept", FailOn::Error),
        ("a/b/Dockerfile", "uv-cache-kept", FailOn::Warning),
        ("a/b/x/y/Dockerfile", "uv-cache-kept", FailOn::Warning),
        ("a/b/c/Dockerfile", "apt-recommends", FailOn::Warning),
        ("d/Dockerfile", "unused-extra", FailOn::Warning),
    ] {
        let settings = settings(&files, dockerfile).unwrap();
        assert_eq!((running(&settings), settings.fail_on), (vec![rule], fail_on), "{dockerfile}");
    }
    assert_eq!(running(&settings(&files, "e/Dockerfile").unwrap()).len(), 4, "an empty file holds, too");
}

#[test]
fn manifests_that_are_not_ours_are_passed_over() {
    let nearest = |manifest: &str| {
        let files = [("slimlint.toml", "select = ['pip-cache-kept']\n"), ("a/pyproject.toml", manifest)];
        settings(&files, "a/Dockerfile").map(|settings| running(&settings).len())
    };
    for manifest in [
        "",
        "[project\n",
        "[project]\nname = 'x'\n",
        "[project]\ndependencies = ['slimlint'\n",
        "[tool.slimlint-plugins]\nx = 1\n",
        "[tool]\nother = 1 # slimlint\n",
        "# [tool.slimlint]\nbroken = = 1\n",
    ] {
        assert_eq!(nearest(manifest), Ok(1), "{manifest}");
    }
    for manifest in ["[tool.slimlint]\n", "[tool]\nslimlint = {}\n", "tool.'slimlint'.fail-on = 'info'\n"] {
        assert_eq!(nearest(manifest), Ok(4), "{manifest}");
    }
    let broken = nearest("[project]\nname = 'x'\n[tool.slimlint]\nselect = [\n").unwrap_err();
    assert!(broken.starts_with("a/pyproject.toml:"), "{broken}");
    assert!(broken.contains("it is not TOML: "), "{broken}");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let file = "selct = [1]\n\
                select = ['pip-cach-kept', 3, 'caches']\n\
                fail-on = 'fatal'\n\
                min-saving = '20 apples'\n\
                exclude = 'vendor'\n\
                extend-exclude = ['a\\b', '/c', 'd[']\n\
                force_exclude = true\n\
                backup = 'no'\n\
                ignore = { all = true }\n\
                [severity]\n\
                cachs = 'info'\n\
                caches = 'bad'\n\
                [per-path-ignores]\n\
                '../x' = ['all']\n\
                'y' = 'all'\n\
                [services.api]\n\
                gpus = true\n\
                gpu = 'yes'\n\
                context = 'C:\\x'\n";
    let expected = "\
slimlint.toml:1:1: there is no key `selct`; did you mean `select`? (`slimlint schema` lists all)
slimlint.toml:2:11: no rule or group is named `pip-cach-kept`; did you mean `pip-cache-kept`? (`slimlint rules` lists them)
slimlint.toml:2:28: `select` takes an array of rules, such as `[\"pip-cache-kept\", \"caches\"]`, not a number
slimlint.toml:3:11: `fail-on` cannot be `fatal`; write `error`, `warning`, `info` or `never`
slimlint.toml:4:14: `20 apples` is not a size; write a number and `B`, `kB`, `MB` or `GB`, such as `20MB`
slimlint.toml:5:11: `exclude` takes an array of patterns, such as `[\"vendor\", \"tests/**\"]`, not text
slimlint.toml:6:19: `a\\b` holds `\\`; write `/` between folders on every platform: `a/b`
slimlint.toml:6:26: `/c` is absolute; write it relative to the folder of the configuration
slimlint.toml:6:32: `d[` is not a pattern: unclosed character class; missing ']'
slimlint.toml:7:1: there is no key `force_exclude`; did you mean `force-exclude`? (`slimlint schema` lists all)
slimlint.toml:8:10: `backup` takes `true` or `false`, not text
slimlint.toml:9:10: `ignore` takes an array of rules, such as `[\"pip-cache-kept\", \"caches\"]`, not a table
slimlint.toml:11:1: no rule or group is named `cachs`; did you mean `caches`? (`slimlint rules` lists them)
slimlint.toml:12:10: `caches` cannot be `bad`; write `error`, `warning`, `info` or `off`
slimlint.toml:14:1: `../x` leads out of the folder of the configuration; put a configuration into the folder that holds both
slimlint.toml:15:7: `y` takes an array of rules, such as `[\"pip-cache-kept\", \"caches\"]`, not text
slimlint.toml:17:1: there is no key `gpus`; did you mean `gpu`? (`slimlint schema` lists all)
slimlint.toml:18:7: `gpu` takes `true` or `false`, not text
slimlint.toml:19:11: `C:\\x` holds `\\`; write `/` between folders on every platform: `C:/x`
";
    for (file, mark) in [(file.to_owned(), ""), (file.replace('\n', "\r\n"), ""), (file.to_owned(), "\u{feff}")] {
        let text = format!("{mark}{file}");
        let found = settings(&[("slimlint.toml", &text)], "Dockerfile").unwrap_err();
        // The mark is a character of the first line.
        let expected = if mark.is_empty() { expected.to_owned() } else { expected.replacen(":1:1:", ":1:2:", 1) };
        assert_eq!(found, expected);
    }
    let found = settings(&[("slimlint.toml", "services = [1]\n")], "Dockerfile").unwrap_err();
    assert!(found.starts_with("slimlint.toml:1:12: `services` takes a table"), "{found}");
    let found = settings(&[("slimlint.toml", "[[services]]\nx = 1\n")], "Dockerfile").unwrap_err();
    assert!(found.starts_with("slimlint.toml:1:") && found.contains("not an array"), "{found}");
}

#[test]
fn text_that_is_no_utf8_is_refused() {
    let workspace = Workspace::in_memory([
        ("slimlint.toml".to_owned(), b"# \xff\nselect = []\n".to_vec()),
        ("a/pyproject.toml".to_owned(), b"[project]\nname = '\xff'\n# slimlint\n".to_vec()),
    ]);
    for dockerfile in ["Dockerfile", "a/Dockerfile"] {
        let error = Configurations::default().settings(&workspace, dockerfile).unwrap_err();
        assert_eq!(told(&error), "slimlint.toml:1:1: a configuration is UTF-8 text; save it as such\n");
    }
}

#[test]
fn hostile_files_are_refused_soon() {
    let large = format!("exclude = [{}]\n", "'a*',".repeat(60_000));
    assert!(settings(&[("slimlint.toml", &large)], "Dockerfile").unwrap_err().contains("more than 256 KiB"));
    assert_eq!(settings(&[("pyproject.toml", &format!("# slimlint\n{large}"))], "Dockerfile").map(|_| ()), Ok(()));
    let wide = format!("exclude = ['{}']\n", "{a,b}".repeat(4_000));
    assert!(settings(&[("slimlint.toml", &wide)], "Dockerfile").is_ok());
    let deep = format!("exclude = {}{}\n", "[".repeat(60_000), "]".repeat(60_000));
    let keys = format!("{} = 1\n", vec!["a"; 60_000].join("."));
    for text in [deep, keys, "\0".to_owned(), "= 1".to_owned(), "select".to_owned()] {
        let error = settings(&[("slimlint.toml", &text)], "Dockerfile").unwrap_err();
        assert!(error.starts_with("slimlint.toml:1:"), "{error}");
    }
}

#[test]
fn the_first_source_that_means_a_rule_decides() {
    let file = |text: &str| {
        let mut configurations = Configurations::default();
        configurations.add_inline(text, Path::new("/workspace")).unwrap();
        configurations
    };
    let all = ["pip-cache-kept", "uv-cache-kept", "apt-recommends", "unused-extra"];
    for (options, inline, expected) in [
        (Options::default(), "", &all[..]),
        (Options::default(), "select = ['caches']", &all[..2]),
        (Options::default(), "select = ['caches']\nignore = ['DL3042']", &all[1..2]),
        (Options::default(), "ignore = ['caches']", &all[2..]),
        (Options::default(), "severity = { caches = 'off', uv-cache-kept = 'info' }", &all[1..]),
        (Options::default(), "select = ['unused-extra']\nextend-select = ['system']", &all[2..]),
        // `--ignore` adds to the file, `--select` sets its selection aside.
        (Options { ignore: names("apt-recommends"), ..Options::default() }, "ignore = ['caches']", &all[3..]),
        (Options { select: Some(names("caches")), ..Options::default() }, "ignore = ['caches']", &all[..2]),
        (Options { select: Some(names("caches")), ..Options::default() }, "severity = { caches = 'off' }", &all[..2]),
        (Options { extend_select: names("uv-cache-kept"), ..Options::default() }, "ignore = ['caches']", &all[1..]),
        (Options { extend_select: names("system"), ..Options::default() }, "select = ['caches']", &all[..3]),
        (Options { ignore: names("caches"), ..Options::default() }, "select = ['pip-cache-kept']", &[]),
    ] {
        let mut configurations = Configurations::new(options.clone());
        configurations.add_inline(inline, Path::new("/workspace")).unwrap();
        let settings = configurations.settings(&workspace(&[]), "Dockerfile").unwrap();
        assert_eq!(running(&settings), expected, "{options:?} {inline}");
    }
    let mut configurations = file("severity = { all = 'info', caches = 'error', pip-cache-kept = 'warning' }");
    let settings = configurations.settings(&workspace(&[]), "Dockerfile").unwrap();
    let severity = |name| rules::find(name).and_then(|rule| settings.severity_of(rule.page));
    assert_eq!(
        ["pip-cache-kept", "uv-cache-kept", "apt-recommends"].map(severity),
        [Severity::Warning, Severity::Error, Severity::Info].map(Some)
    );
}

fn names(names: &str) -> Vec<String> {
    names.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn what_is_said_first_counts() {
    let mut configurations =
        Configurations::new(Options { fail_on: Some(FailOn::Never), exclude: Some(Vec::new()), ..Options::default() });
    let cwd = Path::new("/workspace");
    configurations.add_inline("min-saving = 1\nfail-on = 'info'", cwd).unwrap();
    configurations.add_inline("min-saving = 2", cwd).unwrap();
    let files = workspace(&[(
        "slimlint.toml",
        "min-saving = 3\nfail-on = 'error'\nbackup = false\nexclude = ['a']\nextend-exclude = ['b']\n",
    )]);
    let settings = configurations.settings(&files, "Dockerfile").unwrap();
    assert_eq!((settings.fail_on, settings.min_saving, settings.backup), (FailOn::Never, 2, false));
    let excluded = |path| settings.excludes(Path::new("/workspace"), path);
    assert!(!excluded("a/Dockerfile") && excluded("b/Dockerfile") && excluded("x/b/Dockerfile"));
    configurations.isolate();
    let settings = configurations.settings(&files, "Dockerfile").unwrap();
    assert_eq!((settings.min_saving, settings.backup), (2, true));
    let error = configurations.add_inline("selct = 1", cwd).unwrap_err();
    assert!(told(&error).starts_with("--config 'selct = 1': there is no key `selct`"), "{}", told(&error));
}

fn finding(rule: &'static str, file: &str, savings: Option<Savings>) -> Diagnostic {
    let primary = Span::new(file, TextRange::default());
    Diagnostic { savings, ..Diagnostic::new(rule, Severity::Warning, "", primary) }
}

#[test]
fn small_findings_fail_nothing() {
    let settings = settings(&[("slimlint.toml", "min-saving = '20 MB'\nfail-on = 'info'\n")], "Dockerfile").unwrap();
    let of = |bytes, complete| {
        Some(Savings { complete, ..Savings::of(Component::Path("/x".to_owned()), bytes, Basis::Catalogue) })
    };
    for (savings, severity, fails) in [
        (of(2_000_000, true), Severity::Info, false),
        (of(20_000_000, true), Severity::Warning, true),
        // Of these it is not known.
        (of(2_000_000, false), Severity::Warning, true),
        (None, Severity::Warning, true),
    ] {
        let mut found = vec![finding("pip-cache-kept", "Dockerfile", savings.clone())];
        settings.apply(Path::new("/workspace"), "Dockerfile", &mut found);
        assert_eq!((found[0].severity, settings.fails(&found[0])), (severity, fails), "{savings:?}");
    }
}

#[test]
fn rules_are_silent_about_files() {
    let file =
        "[per-path-ignores]\n'tests/**' = ['caches']\n'requirements.txt' = ['all']\n'./Dockerfile' = ['DL3042']\n";
    let files = [("sub/slimlint.toml", file)];
    for (dockerfile, rule, place, silent) in [
        ("sub/tests/a/Dockerfile", "pip-cache-kept", "sub/tests/a/Dockerfile", true),
        ("sub/tests/a/Dockerfile", "unused-extra", "sub/tests/a/Dockerfile", false),
        ("sub/tests/a/Dockerfile", "pip-cache-kept", "sub/requirements.txt", true),
        ("sub/a/Dockerfile", "unused-extra", "sub/a/requirements.txt", true),
        ("sub/a/Dockerfile", "unused-extra", "sub/a/pyproject.toml", false),
        ("sub/a/Dockerfile", "pip-cache-kept", "sub/a/Dockerfile", false),
        ("sub/Dockerfile", "pip-cache-kept", "sub/Dockerfile", true),
        ("sub/Dockerfile", "pip-cache-kept", "tests/x", true),
        ("sub/a/Dockerfile", "pip-cache-kept", "tests/x", false),
        ("sub/a/Dockerfile", rules::INTERNAL_ERROR, "sub/requirements.txt", false),
    ] {
        let settings = settings(&files, dockerfile).unwrap();
        let mut found = vec![finding(rule, place, None)];
        settings.apply(Path::new("/workspace"), dockerfile, &mut found);
        assert_eq!(found.is_empty(), silent, "{rule} in {place} of {dockerfile}");
    }
}

#[test]
fn services_have_contexts_and_gpus() {
    let file = "[services.'**']\ngpu = false\n[services.'docker/*']\ncontext = '.'\n[services.'docker/train']\ngpu = true\n\
                [services.up]\ncontext = '..'\n[services.out]\ncontext = '../..'\n[services.gone]\ncontext = 'none'\n";
    let files = [("a/slimlint.toml", file), ("a/docker/api/Dockerfile", ""), ("a/up/Dockerfile", "")];
    for (dockerfile, context, gpu) in [
        ("a/Dockerfile", None, Some(false)),
        ("a/docker/api/Dockerfile", Some("a"), Some(false)),
        ("a/docker/train/Dockerfile", Some("a"), Some(true)),
        ("a/up/Dockerfile", Some(""), Some(false)),
        ("b/Dockerfile", None, None),
    ] {
        let overrides = settings(&files, dockerfile).unwrap().overrides(Path::new("/workspace"), dockerfile);
        assert_eq!(overrides.context.map(|said| said.value).as_deref(), context, "{dockerfile}");
        assert_eq!(overrides.gpu.as_ref().map(|said| said.value), gpu, "{dockerfile}");
        assert!(overrides.gpu.is_none_or(|said| said.by == "a/slimlint.toml"));
    }
    for (dockerfile, expected) in [
        ("a/out/Dockerfile", "a/slimlint.toml:10:11: `context` names a folder outside the repository"),
        ("a/gone/Dockerfile", "a/slimlint.toml:12:11: `context` names `a/none`, which is no folder"),
    ] {
        let error = settings(&files, dockerfile).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}
