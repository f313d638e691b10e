//! A linter and auto-rewriter for Dockerfiles that knows what the Python dependencies weigh.

pub mod audit;
pub mod catalogue;
pub mod cli;
pub mod config;
pub mod context;
pub mod diagnostic;
pub mod dockerfile;
pub mod facts;
pub mod fix;
pub mod lint;
pub mod lsp;
pub mod output;
pub mod python;
pub mod rules;
pub mod shell;
pub mod suppress;
pub mod text;
pub mod workspace;
