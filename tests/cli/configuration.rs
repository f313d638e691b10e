//! Configuration files and the options that mirror them.

use std::fs;

use super::{CLEAN, PIP, PIP_FIXED, concise, keys, names, put, repository, slimlint, slimlint_with, text};

/// Brings torch in its CUDA build, with code that asks for the device.
const TORCH: &str =
    "FROM python:3.12-slim\nCOPY app.py /\nRUN pip install --no-cache-dir torch==2.4.0\nCMD python app.py\n";
const ASKS: &str = "import torch\nprint(torch.cuda.is_available())\n";
/// Keeps the lists of apt, of which the bytes are known.
const APT: &str = "FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends curl\n";

#[test]
fn the_nearest_configuration_holds() {
    let folder = repository(&[
        ("slimlint.toml", "select = ['pip-cache-kept']\n"),
        ("Dockerfile", PIP),
        ("a/Dockerfile", PIP),
        ("a/pyproject.toml", "[project]\nname = 'a'\n[tool.slimlint]\nignore = ['all']\n"),
        ("a/b/Dockerfile", PIP),
        ("a/b/.slimlint.toml", "severity = { caches = 'error' }\nselect = ['caches']\n"),
        ("a/c/Dockerfile", PIP),
        ("a/c/pyproject.toml", "[project]\nname = 'c'\n"),
    ]);
    let found = ["Dockerfile:2:5: warning: ", "a/b/Dockerfile:2:5: error: "];
    assert_eq!(concise(&folder, ""), found);
    assert_eq!(concise(&folder, "a"), ["a/b/Dockerfile:2:5: error: "]);
    assert_eq!(concise(&folder, "--select pip-cache-kept"), {
        ["Dockerfile", "a/Dockerfile", "a/b/Dockerfile", "a/c/Dockerfile"]
            .map(|path| format!("{path}:2:5: {}: ", if path == "a/b/Dockerfile" { "error" } else { "warning" }))
    });
    assert_eq!(concise(&folder, "--isolated --select caches").len(), 4);
    assert_eq!(concise(&folder, "--config a/b/.slimlint.toml").len(), 4);
    assert_eq!(concise(&folder, "--config a/pyproject.toml").len(), 0);
    assert_eq!(concise(&folder, "--config select=['pip-cache-kept']").len(), 4, "a line counts more than the files");
    assert_eq!(slimlint(folder.path(), "--config fail-on='never'").code, 0);
    let run = slimlint(&folder.path().join("a/b"), "--format concise");
    assert!(run.out.starts_with("Dockerfile:2:5: error: "), "the search goes up from a folder inside: {}", run.out);
    for (line, error) in [
        ("--isolated --config slimlint.toml", "leave out either"),
        ("--config slimlint.toml --config a/pyproject.toml", "a second file"),
        ("--config none.toml", "--config none.toml: "),
        ("--config a/c/pyproject.toml", "it holds no `[tool.slimlint]`"),
        ("--config selct=1", "--config 'selct=1': there is no key `selct`; did you mean `select`?"),
        ("--min-saving 20apples", "`20apples` is not a size"),
        (r"--exclude a\b", "`a/b`"),
        ("--extend-select pip-cach-kept", "`pip-cache-kept`"),
    ] {
        let run = slimlint(folder.path(), line);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{line}: {}", run.err);
        assert!(run.err.contains(error), "{line}: {}", run.err);
    }
}

#[test]
fn a_wrong_configuration_stops_its_own_dockerfiles_only() {
    let folder = repository(&[
        ("a/slimlint.toml", "selct = []\r\n\r\n[severity]\r\nno-such = 'info'\r\n"),
        ("a/Dockerfile", PIP),
        ("a/b/Dockerfile", PIP),
        ("c/Dockerfile", PIP),
        ("d/pyproject.toml", "[project\n"),
        ("d/Dockerfile", PIP),
    ]);
    let run = slimlint(folder.path(), "--select pip-cache-kept --format concise");
    let expected = "error: a/slimlint.toml:1:1: there is no key `selct`; did you mean `select`? (`slimlint schema` lists all)\n\
                    error: a/slimlint.toml:4:1: no rule or group is named `no-such`; `slimlint rules` lists them\n";
    assert_eq!((run.code, run.err.as_str()), (2, expected));
    assert!(!run.out.contains("a/Dockerfile") && !run.out.contains("a/b/Dockerfile"), "{}", run.out);
    assert!(run.out.contains("c/Dockerfile:2:5") && run.out.contains("d/Dockerfile:2:5"), "{}", run.out);
    let run = slimlint(folder.path(), "--select pip-cache-kept --fix");
    assert_eq!((run.code, text(&folder, "a/Dockerfile").as_str()), (2, PIP));
    assert_eq!(text(&folder, "c/Dockerfile"), PIP_FIXED);
    assert_eq!(slimlint(folder.path(), "c").code, 0, "it is no trouble where it does not hold");
}

#[cfg(unix)]
#[test]
fn configurations_outside_the_root_are_not_read() {
    use std::os::unix::fs::symlink;
    let outside =
        repository(&[("sub/.git/HEAD", ""), ("sub/Dockerfile", PIP), ("slimlint.toml", "ignore = ['all']\n")]);
    assert_eq!(concise(&outside, "sub"), ["sub/Dockerfile:2:5: warning: "]);

    let folder = repository(&[("Dockerfile", PIP), ("shared/base.toml", "ignore = ['caches']\n")]);
    symlink(outside.path().join("slimlint.toml"), folder.path().join("slimlint.toml")).unwrap();
    let run = slimlint(folder.path(), "");
    assert_eq!(run.code, 2, "{}", run.out);
    assert!(run.err.starts_with("error: slimlint.toml: it lies outside the repository"), "{}", run.err);
    // A manifest may be anybody's.
    fs::rename(folder.path().join("slimlint.toml"), folder.path().join("pyproject.toml")).unwrap();
    assert_eq!(concise(&folder, ""), ["Dockerfile:2:5: warning: "]);
    symlink("shared/base.toml", folder.path().join("slimlint.toml")).unwrap();
    assert_eq!(slimlint(folder.path(), "").code, 0, "a link inside is read");
    // Without a repository the working directory bounds the search.
    let plain = tempfile::tempdir().unwrap();
    put(&plain, "slimlint.toml", b"ignore = ['all']\n");
    put(&plain, "a/Dockerfile", PIP.as_bytes());
    assert_eq!(slimlint(plain.path(), "").code, 0);
    assert_eq!(slimlint(&plain.path().join("a"), "").code, 1);
}

#[test]
fn nothing_from_a_configuration_acts_on_the_terminal() {
    let acts = |text: &str| text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}');
    for configuration in [
        "\"\\u001B[2J\\u202E\" = 1\n",
        "select = [\"\\u001B]0;x\\u0007\"]\n",
        "exclude = [\"\\u001B[2J\u{202e}\"]\nper-path-ignores = { \"\\u001B\" = ['all'] }\n",
        "services = { '**' = { context = \"\\u001B[2J\" } }\n",
        "\u{1b}[2J\u{202e} = [\n",
    ] {
        let folder = repository(&[("slimlint.toml", configuration), ("Dockerfile", PIP)]);
        for line in ["", "--show-settings"] {
            let run = slimlint(folder.path(), line);
            assert!(!acts(&run.out) && !acts(&run.err), "{configuration:?}: {:?}{:?}", run.out, run.err);
        }
    }
}

#[test]
fn excluded_files_are_passed_over() {
    let folder = repository(&[
        ("slimlint.toml", "select = ['caches']\nexclude = ['tests', 'x.Dockerfile']\n"),
        ("Dockerfile", PIP),
        ("tests/Dockerfile", PIP),
        ("tests/Dockerfile.j2", PIP),
        ("a/x.Dockerfile", PIP),
        ("b/c/Dockerfile", PIP),
    ]);
    let paths = |line: &str| -> String {
        let places = concise(&folder, line);
        let paths = places.iter().flat_map(|place| [place.split(':').next().unwrap(), " "]);
        paths.collect()
    };
    for (line, expected) in [
        ("", "Dockerfile b/c/Dockerfile "),
        ("tests", ""),
        ("tests/Dockerfile", "tests/Dockerfile "),
        ("tests/Dockerfile .", "Dockerfile b/c/Dockerfile tests/Dockerfile "),
        ("--force-exclude tests/Dockerfile b/c/Dockerfile", "b/c/Dockerfile "),
        ("--extend-exclude b/** .", "Dockerfile "),
        ("--exclude b .", "Dockerfile a/x.Dockerfile tests/Dockerfile "),
        ("--exclude ./c .", "Dockerfile a/x.Dockerfile b/c/Dockerfile tests/Dockerfile "),
        ("--config force-exclude=true tests/Dockerfile", ""),
    ] {
        assert_eq!(paths(line), expected, "{line}");
    }
    let run = slimlint(folder.path(), "");
    assert_eq!(run.err, "", "an excluded template needs no note");
    let run = slimlint(folder.path(), "--force-exclude tests/Dockerfile --fix");
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (0, "", ""), "a hook that names it is left in peace");
}

#[test]
fn small_savings_fail_no_build() {
    let folder = repository(&[("Dockerfile", APT)]);
    let with = |line: &str| slimlint(folder.path(), &format!("--select apt-lists-kept --format concise {line}"));
    assert_eq!(with("").code, 1);
    assert!(with("").out.contains("2:5: warning: ") && with("").out.contains(" MB]"), "{}", with("").out);
    for line in ["--min-saving 900MB", "--min-saving 900MB --fail-on info", "--config min-saving='0.9GB'"] {
        let run = with(line);
        assert_eq!(run.code, 0, "{line}: {}{}", run.out, run.err);
        assert!(run.out.contains("2:5: info: "), "{line}: {}", run.out);
    }
    assert_eq!(with("--min-saving 1MB").code, 1);
    put(&folder, "slimlint.toml", b"min-saving = '900MB'\n");
    assert_eq!((with("").code, with("--min-saving 0").code), (0, 1));
}

#[test]
fn the_configuration_knows_about_gpus() {
    let service = |configuration: &str| {
        repository(&[("svc/Dockerfile", TORCH), ("svc/app.py", ASKS), ("slimlint.toml", configuration)])
    };
    let select = "--select cuda-torch-on-cpu --format json";
    let found = |configuration: &str| -> serde_json::Value {
        let run = slimlint(service(configuration).path(), select);
        serde_json::from_str(&run.out).expect(&run.err)
    };
    let value = found("");
    assert_eq!(value["diagnostics"][0]["fix"]["applicability"], "unsafe", "{value}");
    let value = found("[services.'svc/Dockerfile']\ngpu = false\n");
    assert_eq!(value["diagnostics"][0]["fix"]["applicability"], "safe", "{value}");
    let notes = value["diagnostics"][0]["notes"].as_array().unwrap();
    let gpu = notes.iter().find(|note| note["label"] == "gpu").unwrap()["text"].as_str().unwrap();
    assert!(gpu.contains("the configuration says that it runs on no GPU (`slimlint.toml`)"), "{gpu}");
    assert_eq!(found("[services.svc]\ngpu = true\n")["diagnostics"], serde_json::json!([]));
    let folder = service("[services.'**']\ngpu = false\n");
    slimlint(folder.path(), "--fix --no-backup --select cuda-torch-on-cpu");
    assert!(text(&folder, "svc/Dockerfile").contains("whl/cpu"), "{}", text(&folder, "svc/Dockerfile"));
}

#[test]
fn the_configuration_names_contexts() {
    let files = [
        ("docker/Dockerfile", "FROM python:3.12-slim\nCOPY . /app\n"),
        ("docker/x", ""),
        ("notes.md", "x"),
        (".git/HEAD", "ref: x"),
    ];
    let context = |configuration: &str| {
        let folder = repository(&files);
        put(&folder, "slimlint.toml", configuration.as_bytes());
        let run = slimlint(folder.path(), "--show-settings");
        let line = run.out.lines().find(|line| line.starts_with("  context ")).map(|line| line.trim().to_owned());
        (run.code, line.unwrap_or_default(), run.err)
    };
    assert_eq!(context("").1, "");
    assert_eq!(
        context("[services.'docker/Dockerfile']\ncontext = '.'\n").1,
        "context        . (named in the configuration)"
    );
    let (code, _, error) = context("[services.docker]\ncontext = 'nowhere'\n");
    assert_eq!(
        (code, error.as_str()),
        (
            2,
            "error: slimlint.toml:2:11: `context` names `nowhere`, which is no folder; name the folder of this repository that is given to `docker build`\n"
        )
    );
    let folder = repository(&files);
    put(&folder, "slimlint.toml", b"[services.docker]\ncontext = '.'\n");
    let run = slimlint(folder.path(), "--select missing-dockerignore --diff");
    assert!(run.out.contains("+++ b/.dockerignore"), "{}{}", run.out, run.err);
}

#[test]
fn a_configuration_switches_backups_off() {
    let folder = repository(&[("slimlint.toml", "backup = false\nselect = ['pip-cache-kept']\n"), ("Dockerfile", PIP)]);
    assert_eq!(slimlint(folder.path(), "--fix").code, 0);
    assert_eq!(text(&folder, "Dockerfile"), PIP_FIXED);
    assert_eq!(names(&folder), ["Dockerfile", "slimlint.toml"]);
    // One that wants them is enough.
    put(&folder, "Dockerfile", PIP.as_bytes());
    put(&folder, "a/Dockerfile", PIP.as_bytes());
    put(&folder, "a/slimlint.toml", b"select = ['pip-cache-kept']\n");
    assert_eq!(slimlint(folder.path(), "--fix").code, 0);
    assert_eq!(names(&folder).iter().filter(|name| name.contains(".pre-slim.")).count(), 2);
}

#[test]
fn rules_are_silent_about_paths() {
    let folder = repository(&[
        ("slimlint.toml", "per-path-ignores = { 'tests/**' = ['caches'], 'bad.Dockerfile' = ['all'] }\n"),
        ("tests/Dockerfile", PIP),
        ("bad.Dockerfile", "FRM x\n"),
        ("Dockerfile", PIP),
    ]);
    assert_eq!(concise(&folder, ""), ["Dockerfile:2:5: warning: "]);
}

#[test]
fn statistics_count_by_rule() {
    let folder =
        repository(&[("a/Dockerfile", PIP), ("b/Dockerfile", PIP), ("c/Dockerfile", APT), ("d/Dockerfile", CLEAN)]);
    let run = slimlint(folder.path(), "--select caches --statistics");
    let lines: Vec<Vec<&str>> = run.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines.len(), 4, "{}", run.out);
    assert_eq!(lines[0][..2], ["rule", "findings"]);
    assert!(lines.iter().any(|line| line[..4] == ["pip-cache-kept", "2", "2", "0"]), "{}", run.out);
    assert!(
        lines.iter().any(|line| line[..4] == ["apt-lists-kept", "1", "1", "0"] && line.ends_with(&["MB"])),
        "{}",
        run.out
    );
    let run = slimlint(folder.path(), "--select caches --statistics --format json");
    let value: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(keys(&value), "diagnostics statistics summary version");
    let count = value["statistics"].as_array().unwrap().iter().find(|count| count["rule"] == "pip-cache-kept").unwrap();
    assert_eq!((count["findings"].as_u64(), count["safe_fixes"].as_u64()), (Some(2), Some(2)));
}

#[test]
fn settings_are_shown() {
    let folder = repository(&[
        ("slimlint.toml", "min-saving = '20MB'\nselect = ['pip-cache-kept']\n"),
        ("Dockerfile", PIP),
        ("a/slimlint.toml", "backup = false"),
        ("a/Dockerfile", PIP),
    ]);
    let run = slimlint(folder.path(), "--show-settings --fail-on error");
    assert_eq!(run.code, 0, "{}", run.err);
    let (own, nested) = run.out.split_once("a/Dockerfile\n").expect(&run.out);
    assert!(
        own.contains("  rules          pip-cache-kept (warning), syntax-error (error)")
            && own.contains("min-saving     20 MB"),
        "{own}"
    );
    assert!(nested.contains("configuration  a/slimlint.toml") && nested.contains("backup         false"), "{nested}");
    assert_eq!(run.out.matches("fail-on        error").count(), 2);
    assert_eq!(text(&folder, "Dockerfile"), PIP);
}

#[test]
fn standard_input_is_linted_in_its_place() {
    let folder = repository(&[
        ("slimlint.toml", "exclude = ['tests']\n"),
        ("api/slimlint.toml", "select = ['pip-cache-kept', 'missing-dockerignore']\n"),
        ("api/data.csv", "1,2\n"),
        ("api/Dockerfile", CLEAN),
    ]);
    let before = names(&folder);
    let on = |line: &str, input: &str| slimlint_with(folder.path(), line, input.as_bytes());
    for (line, shown) in [
        ("--format concise --stdin-filename api/Dockerfile -", "api/Dockerfile:2:5: warning: "),
        ("--format concise --stdin-filename api/Dockerfile", "api/Dockerfile:2:5: warning: "),
        ("--format concise --stdin-filename api/new/Dockerfile.x -", "api/new/Dockerfile.x:2:5: warning: "),
        ("--format concise --stdin-filename ./api/../api/any.txt -", "api/any.txt:2:5: warning: "),
        ("--format concise --select caches -", "Dockerfile:2:5: warning: "),
    ] {
        let run = on(line, PIP);
        assert_eq!((run.code, run.err.as_str()), (1, ""), "{line}");
        assert!(run.out.starts_with(shown), "{line}: {}", run.out);
    }
    assert_eq!(on("--stdin-filename api/Dockerfile -", CLEAN).code, 0);
    // The text decides, with the folder around it.
    let copies = "FROM python:3.12-slim\nCOPY . /app\nRUN pip install flask\n";
    let run = on("--fix --stdin-filename api/Dockerfile -", copies);
    assert_eq!(run.out, copies.replace("install", "install --no-cache-dir"));
    assert!(!run.err.contains("pip-cache-kept"), "{}", run.err);
    let run = on("--fix --stdin-filename api/Dockerfile -", &PIP.replace('\n', "\r\n"));
    assert_eq!((run.code, run.out), (0, PIP_FIXED.replace('\n', "\r\n")));
    let run = on("--fix --stdin-filename api/Dockerfile -", "FRM x\n");
    assert_eq!((run.code, run.out.as_str()), (1, "FRM x\n"), "what cannot be fixed is printed as it is");
    assert!(run.err.contains("syntax-error"), "{}", run.err);
    let run = on("--diff --stdin-filename api/Dockerfile -", PIP);
    assert!(run.code == 1 && run.out.contains("+RUN pip install --no-cache-dir flask"), "{}", run.out);
    for (line, out) in [("tests/Dockerfile -", "Found"), ("tests/Dockerfile --force-exclude -", "")] {
        let run = on(&format!("--stdin-filename {line}"), PIP);
        assert_eq!(
            (run.code == 1, run.out.contains("Found")),
            (!out.is_empty(), !out.is_empty()),
            "{line}: {}",
            run.out
        );
    }
    let run = on("--stdin-filename tests/Dockerfile --force-exclude --fix -", PIP);
    assert_eq!((run.code, run.out.as_str()), (0, PIP));
    for (line, error) in [
        ("- Dockerfile", "`-` is linted alone"),
        ("--stdin-filename Dockerfile api", "the path is `-`"),
        ("--stdin-filename api -", "neither a file nor a folder"),
        ("--stdin-filename / -", "neither a file nor a folder"),
    ] {
        let run = on(line, PIP);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{line}");
        assert!(run.err.contains(error), "{line}: {}", run.err);
    }
    assert_eq!(names(&folder), before, "nothing is written");
    assert_eq!(text(&folder, "api/Dockerfile"), CLEAN);
}

#[test]
fn other_programs_are_served() {
    let folder = repository(&[]);
    let run = slimlint(folder.path(), "schema");
    let schema: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert!(schema["properties"]["min-saving"]["description"].is_string());
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = slimlint(folder.path(), &format!("completions {shell}"));
        assert!(run.code == 0 && run.out.contains("stdin-filename"), "{shell}: {}", run.out);
    }
    let run = slimlint(folder.path(), "man");
    assert!(run.code == 0 && run.out.contains(".TH slimlint 1"), "{}", run.out);
    assert!(run.out.contains("min\\-saving") && run.out.contains("Exit code"), "{}", run.out);
    let run = slimlint(folder.path(), "rules --format json");
    let rules: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    for rule in rules["rules"].as_array().unwrap() {
        let page = format!("/blob/main/rules/{}.md", rule["name"].as_str().unwrap());
        assert!(rule["url"].as_str().unwrap().ends_with(&page), "{rule}");
    }
    let run = slimlint(folder.path(), "explain DL3042");
    assert!(run.out.contains("/blob/main/rules/pip-cache-kept.md\n"), "{}", run.out);
    for line in ["--help", "check --help"] {
        let run = slimlint(folder.path(), line);
        assert!(run.out.contains("Exit code: 0 clean, 1 findings") && run.out.contains("2 trouble"), "{}", run.out);
    }
}
