use super::*;

fn show(text: &str, requirements: &[Requirement]) -> String {
    let one = |found: &Requirement| {
        let url = found.url.as_ref().map(|url| format!("@{url}")).unwrap_or_default();
        let marker = found.marker.as_ref().map(|marker| format!(";{marker}")).unwrap_or_default();
        format!(
            "{}{}{url}{marker}={}<{}>",
            found.name,
            found.specifier,
            found.name_range.slice(text),
            found.range.slice(text)
        )
    };
    requirements.iter().map(one).collect::<Vec<_>>().join(" | ")
}

#[test]
fn project_and_groups_are_read_with_ranges_inside_the_quotes() {
    let text = "[project]\nname = 'My_App'\nrequires-python = '>=3.11'\ndynamic = ['version']\nreadme = { file = 'README.md' }\n\
        dependencies = [\"torch >=2\", '''numpy''', \"a; os_name == \\\"nt\\\"\", 3, '??']\n[project.optional-dependencies]\nGpu_All = ['my-app[x]', 'xformers']\n\
        [project.scripts]\nrun = 'app:main'\n[project.entry-points.'a.b']\nplugin = 'app:plugin'\n[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n\
        [dependency-groups]\ndev = ['pytest', {include-group = 'lint'}]\n[tool.uv]\ndev-dependencies = ['ruff']\ndefault-groups = 'all'\n";
    let found = Pyproject::parse(text).unwrap();
    assert_eq!(found.name, Some(PackageName::new("my-app")));
    assert_eq!((found.requires_python.as_deref(), found.readme.as_deref()), (Some(">=3.11"), Some("README.md")));
    assert_eq!(
        show(text, &found.dependencies),
        "torch>=2=torch<torch >=2> | numpy=numpy<numpy> | a;os_name == \"nt\"=\"a; os_name == \\\"nt\\\"\"<\"a; os_name == \\\"nt\\\"\">"
    );
    let extra = &found.extras[&PackageName::new("gpu-all")];
    assert_eq!(extra.range.slice(text), "Gpu_All");
    assert_eq!(show(text, &extra.requirements), "my-app=my-app<my-app[x]> | xformers=xformers<xformers>");
    let dev = &found.groups["dev"];
    assert_eq!((dev.range.slice(text), dev.includes.as_slice()), ("dev", &["lint".to_owned()][..]));
    assert_eq!(show(text, &dev.requirements), "pytest=pytest<pytest> | ruff=ruff<ruff>");
    assert_eq!(found.default_groups, Some(vec!["all".to_owned()]));
    assert_eq!((found.scripts["run"].as_str(), found.scripts["plugin"].as_str()), ("app:main", "app:plugin"));
    assert_eq!(
        (show(text, &found.build_requires).as_str(), found.build_backend.as_deref()),
        ("hatchling=hatchling<hatchling>", Some("hatchling.build"))
    );
    assert_eq!(found.tools, ["uv"]);
}

#[test]
fn sources_and_indexes_are_read() {
    let text = "[tool.uv.sources]\ntorch = [{ index = 'cpu', marker = \"sys_platform == 'linux' or os_name == 'nt'\", extra = 'cpu' }, { index = 'cu', extra = 'gpu' }]\n\
        lib = { workspace = true }\nother = { git = 'https://example.invalid/o.git', group = 'dev' }\n[[tool.uv.index]]\nname = 'cpu'\nurl = 'https://download.pytorch.org/whl/cpu'\nexplicit = true\n\
        [tool.uv]\nextra-index-url = ['https://example.invalid/simple']\n[[tool.poetry.source]]\nname = 'p'\nurl = 'https://example.invalid/p'\npriority = 'explicit'\n\
        [tool.setuptools.dynamic]\ndependencies = { file = ['requirements.txt'] }\noptional-dependencies.gpu = { file = 'gpu.txt' }\n";
    let found = Pyproject::parse(text).unwrap();
    let torch = &found.uv_sources[&PackageName::new("torch")];
    assert_eq!(torch[0].from, "cpu");
    assert_eq!(torch[0].marker.as_deref(), Some("(sys_platform == 'linux' or os_name == 'nt') and extra == 'cpu'"));
    let gpu = [PackageName::new("gpu")];
    assert!(!torch[0].applies(&Platform::default(), &gpu) && torch[1].applies(&Platform::default(), &gpu));
    assert_eq!(found.uv_sources[&PackageName::new("lib")][0].from, "workspace");
    assert_eq!(found.uv_sources[&PackageName::new("other")][0].from, "git:https://example.invalid/o.git");
    let indexes: Vec<_> = found.indexes.iter().map(|index| (index.name.as_deref(), index.explicit)).collect();
    assert_eq!(indexes, [(Some("cpu"), true), (None, false), (Some("p"), true)]);
    assert_eq!(found.dynamic_dependency_files, ["requirements.txt"]);
    assert_eq!(found.dynamic_extra_files[&PackageName::new("gpu")], ["gpu.txt"]);
    assert!(found.has_uv && found.has_poetry);
}

const POETRY: &str = "[tool.poetry]\nname = 'app'\n[tool.poetry.dependencies]\npython = '^3.11'\nTorch = { version = '^2.1', source = 'cpu', extras = ['X'] }\n\
    faiss = [{ version = '1', markers = \"os_name == 'nt'\" }, { version = '2', python = '<3.12' }]\nviz = { version = '*', optional = true }\nlib.path = '../lib'\n\
    [tool.poetry.dependencies.sub]\ngit = 'https://example.invalid/sub.git'\n[tool.poetry.extras]\nall = ['viz']\n[tool.poetry.dev-dependencies]\nruff = '*'\n\
    [tool.poetry.group.test]\noptional = true\n[tool.poetry.group.test.dependencies]\npytest = '~8.1'\n";

#[test]
fn poetry_tables_are_read() {
    let found = Pyproject::parse(POETRY).unwrap();
    assert_eq!(found.requires_python.as_deref(), Some(">=3.11,<4.0"));
    let array = "faiss = [{ version = '1', markers = \"os_name == 'nt'\" }, { version = '2', python = '<3.12' }]";
    assert_eq!(
        show(POETRY, &found.dependencies).replace(array, "ARRAY"),
        "torch>=2.1,<3.0=Torch<Torch = { version = '^2.1', source = 'cpu', extras = ['X'] }> | faiss==1;os_name == 'nt'=faiss<ARRAY> | \
         faiss==2;python_version < '3.12'=faiss<ARRAY> | lib@../lib=lib<lib.path = '../lib'> | \
         sub@git+https://example.invalid/sub.git=sub<[tool.poetry.dependencies.sub]\ngit = 'https://example.invalid/sub.git'>"
    );
    assert_eq!(
        show(POETRY, &found.extras[&PackageName::new("all")].requirements),
        "viz=viz<viz = { version = '*', optional = true }>"
    );
    assert_eq!(show(POETRY, &found.groups["dev"].requirements), "ruff=ruff<ruff = '*'>");
    assert!(found.groups["test"].optional);
    assert_eq!(found.groups["test"].range.slice(POETRY), "test");
    assert_eq!(show(POETRY, &found.groups["test"].requirements), "pytest>=8.1,<8.2=pytest<pytest = '~8.1'>");
    assert_eq!(found.uv_sources[&PackageName::new("torch")][0].from, "cpu");
}

#[test]
fn declared_project_dependencies_win_over_poetry() {
    let names = |header: &str| {
        let found = Pyproject::parse(&format!("{header}{POETRY}")).unwrap();
        assert_eq!(found.uv_sources[&PackageName::new("torch")][0].from, "cpu");
        found.dependencies.iter().map(|found| found.name.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("[project]\ndependencies = ['torch>=2']\n"), "torch");
    assert_eq!(
        names("[project]\ndependencies = ['torch>=2']\ndynamic = ['dependencies']\n"),
        "torch faiss faiss lib sub"
    );
    assert_eq!(names("[project]\ndynamic = ['dependencies']\n"), "torch faiss faiss lib sub");
}

#[test]
fn text_that_is_not_toml_is_an_error_with_a_place() {
    let error = Pyproject::parse("[project]\nname = \n").unwrap_err();
    assert_eq!(error.range.start(), 17);
    assert!(!error.message.is_empty() && !error.message.contains('\n'));
    assert!(Pyproject::parse(&format!("a = {}", "[".repeat(100_000))).is_err());
}

#[test]
fn a_byte_order_mark_and_crlf_keep_offsets() {
    let text = "\u{feff}[project]\r\ndependencies = [\r\n  \"torch\",\r\n]\r\n";
    assert_eq!(show(text, &Pyproject::parse(text).unwrap().dependencies), "torch=torch<torch>");
}
