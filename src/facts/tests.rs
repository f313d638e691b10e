//! What the facts see through: each indirection that real Dockerfiles use, as a minimal case.

use super::testing::with_facts;
use super::{Guard, Origin};
use crate::dockerfile::UNKNOWN;

/// `guard program arguments @place` of every invocation, where the place is the text in the Dockerfile.
fn programs(dockerfile: &str, files: &[(&str, &str)]) -> Vec<String> {
    with_facts(dockerfile, files, |facts| {
        let runs = facts.stages.iter().flat_map(|stage| &stage.runs);
        runs.flat_map(|run| &run.invocations)
            .map(|invocation| {
                let guard = match invocation.guard {
                    Guard::Always => "",
                    Guard::Sometimes => "? ",
                    Guard::Elsewhere => "@ ",
                    Guard::Never => "! ",
                };
                let words = invocation.arguments.iter().map(|argument| argument.value.text().replace(UNKNOWN, "⟨⟩"));
                let words: Vec<String> = std::iter::once(invocation.program.clone()).chain(words).collect();
                let from = match &invocation.origin {
                    Origin::Instruction => String::new(),
                    Origin::Elsewhere(path) => format!(" <{path}>"),
                };
                format!("{guard}{}{from}", words.join(" "))
            })
            .collect()
    })
}

#[test]
fn programs_are_seen_through_what_real_dockerfiles_do() {
    for (script, expected) in [
        // The tool itself, by path, version or module.
        ("RUN /venv/bin/pip3.11 install x", vec!["pip install x"]),
        ("RUN python3.12 -u -m pip --quiet install x", vec!["pip --quiet install x"]),
        ("RUN $(which pip) install x", vec!["pip install x"]),
        ("ENV VENV=/opt/venv\nRUN ${VENV}/bin/pip install x", vec!["pip install x"]),
        ("RUN ${SOMEWHERE}/bin/pip install x", vec!["pip install x"]),
        // Wrappers.
        ("RUN sudo -H -u app env A=1 time pip install x", vec!["pip install x"]),
        ("RUN timeout 60 xargs -a list.txt apt-get install -y", vec!["apt-get install -y"]),
        ("RUN poetry run pip install x", vec!["pip install x"]),
        // Variables of the Dockerfile and of the script.
        ("ARG uvpip='uv pip install --system'\nRUN $uvpip -r r.txt", vec!["uv pip install --system -r r.txt"]),
        ("ARG PKGS=\"gcc g++\"\nRUN apt-get install ${PKGS}", vec!["apt-get install gcc g++"]),
        ("RUN P='a b'; pip install $P \"$P\"", vec!["pip install a b a b"]),
        ("ARG EXTRA\nRUN pip install $EXTRA", vec!["pip install ⟨⟩"]),
        ("RUN pip install ${X:-flask}", vec!["pip install flask"]),
        ("RUN for p in a b; do pip install $p; done", vec!["? pip install a", "? pip install b"]),
        // Branches.
        ("RUN if [ -f x ]; then U='sfw uv'; else U=uv; fi; $U sync", vec!["? uv sync", "? uv sync"]),
        (
            "ARG ARCH=cpu\nRUN if [ $ARCH = cpu ]; then pip install a; else pip install b; fi",
            vec!["pip install a", "! pip install b"],
        ),
        (
            "ARG ARCH=cpu\nRUN [ \"$ARCH\" = gpu ] && pip install a || pip install b",
            vec!["! pip install a", "pip install b"],
        ),
        (
            "ARG T=amd64\nRUN case $T in arm64) pip install a;; *) pip install b;; esac",
            vec!["! pip install a", "pip install b"],
        ),
        ("RUN pip install a || pip install b", vec!["pip install a", "? pip install b"]),
        ("RUN command -v x || pip install x", vec!["command -v x", "? pip install x"]),
        ("ARG A\nRUN [ \"$A\" = 1 ] && pip install a && pip install b", vec!["? pip install a", "? pip install b"]),
        ("ARG A\nRUN [ \"$A\" = 1 ] || pip install a && pip install b", vec!["? pip install a", "pip install b"]),
        ("RUN P='a b' && pip install $P && pip install c", vec!["pip install a b", "pip install c"]),
        ("ARG P\nRUN $P/pip install a && $P x && pip install b", vec!["pip install a", "pip install b"]),
        (
            "RUN dpkg -i x.deb && pip install a && pip install b",
            vec!["dpkg -i x.deb", "pip install a", "pip install b"],
        ),
        // Platforms: linux/amd64 is what bytes are told for.
        (
            "ARG TARGETARCH\nRUN if [ \"${TARGETARCH}\" = ppc64le ]; then pip install a; else pip install b; fi",
            vec!["@ pip install a", "? pip install b"],
        ),
        (
            "ARG TARGETPLATFORM\nRUN [ \"$TARGETPLATFORM\" = linux/arm64 ] && pip install a && pip install b || true; pip install c",
            vec!["@ pip install a", "@ pip install b", "pip install c"],
        ),
        (
            "RUN arch=\"$(dpkg --print-architecture)\"; case \"$arch\" in arm64|armhf) pip install a;; amd64) pip install b;; *) pip install c;; esac",
            vec!["dpkg --print-architecture", "@ pip install a", "? pip install b", "@ pip install c"],
        ),
        (
            "RUN if [ $(uname -m) != x86_64 ]; then pip install a; fi && pip install b",
            vec!["uname -m", "@ pip install a", "pip install b"],
        ),
        // What a default says is not asked of the platform, and what is not declared is not set by it.
        ("ARG TARGETARCH=arm64\nRUN if [ $TARGETARCH = arm64 ]; then pip install a; fi", vec!["pip install a"]),
        ("RUN if [ \"$TARGETARCH\" = arm64 ]; then pip install a; fi", vec!["? pip install a"]),
        // Scripts in scripts.
        ("RUN bash -c 'pip install x && pip install y'", vec!["pip install x", "pip install y"]),
        ("RUN [\"/bin/sh\", \"-ec\", \"pip install x\"]", vec!["pip install x"]),
        ("RUN [\"pip\", \"install\", \"x\"]", vec!["pip install x"]),
        ("RUN f() { pip install x; }; f", vec!["pip install x"]),
        ("RUN <<EOF\npip install x\npip install y\nEOF", vec!["pip install x", "pip install y"]),
        ("RUN <<EOF bash -ex\npip install x\nEOF", vec!["pip install x"]),
        ("RUN bash <<EOF\npip install x\nEOF", vec!["pip install x"]),
        ("RUN <<EOF\n#!/usr/bin/env bash\npip install x\nEOF", vec!["pip install x"]),
        ("RUN <<EOF\n#!/usr/bin/env python3\nimport pip\nEOF", vec![]),
        ("COPY setup.sh /opt/\nRUN /opt/setup.sh", vec!["pip install from-script <setup.sh>"]),
        ("COPY . /app\nWORKDIR /app\nRUN make dev", vec!["pip install -e .[dev] <Makefile>", "make dev"]),
        // Other shells are left alone.
        ("SHELL [\"powershell\", \"-Command\"]\nRUN pip install x", vec![]),
        ("ONBUILD RUN pip install x", vec!["pip install x"]),
    ] {
        let files = [
            ("setup.sh", "#!/bin/sh\nset -e\npip install from-script\n"),
            ("Makefile", "PIP ?= pip\n.PHONY: dev\ndev: deps\n\t@echo done\ndeps:\n\t$(PIP) install -e .[dev]\n"),
        ];
        let found = programs(&format!("FROM python:3.12-slim\n{script}\n"), &files);
        let found: Vec<&str> = found.iter().map(String::as_str).filter(|line| !line.starts_with("echo")).collect();
        assert_eq!(found, expected, "{script}");
    }
}

#[test]
fn paths_of_the_image_lead_back_to_the_context() {
    let files = [("services/api/requirements.txt", "flask\n"), ("src/app.py", ""), ("lib/a.py", "")];
    let dockerfile = "\
FROM python:3.12 AS base
ARG NAME=api
WORKDIR /home/user
COPY services/${NAME}/requirements.txt ./req.txt
COPY src lib/*.py /code/
FROM base
COPY --from=base /code /srv/app
WORKDIR sub
RUN --mount=type=bind,source=services/api/requirements.txt,target=/tmp/r.txt true
";
    with_facts(dockerfile, &files, |facts| {
        let run = &facts.stages[1].runs[0];
        for (path, expected) in [
            ("../req.txt", Some("services/api/requirements.txt")),
            ("/home/user/req.txt", Some("services/api/requirements.txt")),
            ("/code/app.py", Some("src/app.py")),
            ("/code/a.py", Some("lib/a.py")),
            ("/srv/app/app.py", Some("src/app.py")),
            ("/tmp/r.txt", Some("services/api/requirements.txt")),
            ("/etc/passwd", None),
        ] {
            let found = facts.origin_in(1, run, &run.state.workdir, path);
            assert_eq!(found.as_deref(), expected, "{path}");
        }
    });
}

#[test]
fn only_what_is_copied_from_a_builder_is_shipped() {
    let dockerfile = "\
FROM python:3.12 AS builder
FROM builder AS mid
FROM python:3.12-slim AS runtime
COPY --from=mid /install /usr/local
COPY --from=builder /root/.local /root/.local
COPY --from=builder /usr/lib/libssl.so* /usr/lib/
FROM runtime
FROM runtime AS test
FROM scratch AS other
FROM runtime AS last
";
    with_facts(dockerfile, &[], |facts| {
        for (stage, path, expected) in [
            (0, "/install/lib", true),
            (0, "/root/.local/bin", true),
            (0, "/root/.cache/pip", false),
            (1, "/install", true),
            (1, "/root/.local", false),
            (2, "/anything", true),
            (5, "/anything", true),
        ] {
            assert_eq!(facts.reaches_final(stage, path), expected, "stage {stage} {path}");
        }
        assert!(facts.reaches_final(0, "/usr/lib") && !facts.whole_reaches_final(0, "/usr/lib"), "two files of it");
        assert!(facts.whole_reaches_final(0, "/install/lib"), "the folder around it");
        let finals: Vec<usize> = facts.finals().map(|stage| stage.index).collect();
        assert_eq!(finals, [3, 5, 6], "a stage named for tests is no image that is shipped");
    });
}

#[test]
fn variables_users_and_folders_hold_from_where_they_are_set() {
    let dockerfile = "\
ARG TAG=3.12
FROM python:${TAG}-slim AS base
ARG TAG
ENV A=1 B=$A
ENV C=${A}${TAG}
USER app:staff
WORKDIR src
FROM base
RUN true
";
    with_facts(dockerfile, &[], |facts| {
        let state = &facts.stages[1].runs[0].state;
        let value =
            |name: &str| state.environment.get(name).and_then(|variable| variable.value.known().map(str::to_owned));
        assert_eq!(value("C").as_deref(), Some("13.12"));
        assert_eq!(value("B"), None, "`A` was not set before the line that sets both");
        assert_eq!(value("TAG"), None, "an ARG ends with its stage");
        assert_eq!(state.workdir.known(), Some("/src"));
        assert_eq!(state.home().as_deref(), Some("/home/app"));
    });
}
