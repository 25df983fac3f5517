//! The commands. A command is one file here and one line in the list.

use clap::Subcommand;

use crate::cli::Global;

macro_rules! commands {
    ($($module:ident::$command:ident,)*) => {
        $(pub mod $module;)*

        /// What `dzong` can do.
        #[derive(Subcommand, Debug)]
        pub enum Command {
            $(#[allow(missing_docs, reason = "the text of its arguments is its help")]
            $command($module::$command),)*
        }

        impl Command {
            /// Runs the command.
            ///
            /// # Errors
            /// What went wrong, and what to do next.
            pub fn run(self, global: &Global) -> anyhow::Result<()> {
                match self { $(Command::$command(command) => command.run(global),)* }
            }
        }
    };
}

commands! {
    localnet::Localnet,
    demo::Demo,
    key::Key,
    did::Did,
    schema::Schema,
    blob::Blob,
    event::Event,
    governance::Governance,
    trust::Trust,
    certificate::Certificate,
    status::Status,
    anoncreds::Anoncreds,
    ceremony::Ceremony,
    explain::Explain,
    verify::Verify,
    init::Init,
    genesis::Genesis,
    run::Run,
    node::Node,
    audit::Audit,
    export::Export,
    import::Import,
    rebuild::Rebuild,
    load::Load,
}
