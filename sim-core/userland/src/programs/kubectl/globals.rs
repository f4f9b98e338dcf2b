//! Flags that every command has, and tables of flags that many share.

use super::flags::Flag;

/// Flags of every command: `kubectl options`.
pub const GLOBAL: &[Flag] = &[
    Flag::string("as", "", "Act as this user; may be a service account."),
    Flag::array("as-group", "Act as a member of this group; can be given more than once."),
    Flag::string("as-uid", "", "Act with this UID.").not_simulated(),
    Flag::array("as-user-extra", "Extra facts about the user to act as; can be given more than once.")
        .not_simulated(),
    Flag::string("cache-dir", "$HOME/.kube/cache", "Directory for cached answers of the server"),
    Flag::string("certificate-authority", "", "File with the certificate of an authority"),
    Flag::string("client-certificate", "", "File with a client's certificate for TLS").not_simulated(),
    Flag::string("client-key", "", "File with a client's key for TLS").not_simulated(),
    Flag::string("cluster", "", "The cluster of the kubeconfig to use"),
    Flag::string("context", "", "The context of the kubeconfig to use"),
    Flag::bool("disable-compression", "Do not let the server compress its answers"),
    Flag::bool(
        "insecure-skip-tls-verify",
        "Do not check the server's certificate. Your connections are then not safe",
    ),
    Flag::string("kubeconfig", "", "The kubeconfig file to use"),
    Flag::string("kuberc", "", "File with preferences, used by default from $HOME/.kube/kuberc")
        .not_simulated(),
    Flag::duration("log-flush-frequency", "5s", "Longest time between two flushes of the log"),
    Flag::bool("match-server-version", "Require that the server has the version of this client"),
    Flag::string("namespace", "", "The namespace to work in").short('n'),
    Flag::string("password", "", "Password for basic authentication").not_simulated(),
    Flag::string(
        "profile",
        "none",
        "Profile to capture: none, cpu, heap, goroutine, threadcreate, block, mutex or trace",
    )
    .not_simulated(),
    Flag::string("profile-output", "profile.pprof", "File for the profile").not_simulated(),
    Flag::string(
        "request-timeout",
        "0",
        "How long to wait for one answer of the server, with a unit (1s, 2m, 3h). Zero waits as long as it takes",
    ),
    Flag::string("server", "", "Address and port of the API server").short('s'),
    Flag::string(
        "tls-server-name",
        "",
        "Name to check the server's certificate against; that of the address by default",
    ),
    Flag::string("token", "", "Bearer token to show to the server"),
    Flag::string("user", "", "The user of the kubeconfig to use"),
    Flag::string("username", "", "Name for basic authentication").not_simulated(),
    Flag::int("v", "0", "How much to log").short('v'),
    Flag::map("vmodule", "How much to log per file, as pattern=N, separated by commas").not_simulated(),
    Flag::bool(
        "warnings-as-errors",
        "Treat warnings of the server as errors and end with a status that is not 0",
    ),
];

/// `-h`, of every command.
pub const HELP: Flag = Flag::bool("help", "Help for the command").short('h');

/// `-o` and what belongs to it, for commands that print objects.
pub const PRINT: &[Flag] = &[
    Flag::bool("allow-missing-template-keys", "If true, a field or key that is missing is no error in templates. Holds for golang and jsonpath output formats.")
        .default("true"),
    Flag::string("output", "", "Output format. One of: (json, yaml, kyaml, name, go-template, go-template-file, template, templatefile, jsonpath, jsonpath-as-json, jsonpath-file).")
        .short('o'),
    Flag::bool("show-managed-fields", "If true, show managedFields in JSON and YAML."),
    Flag::string("template", "", "Template, or file with one, for -o=go-template and -o=go-template-file. It is a Go template [http://golang.org/pkg/text/template/#pkg-overview]."),
];

/// `-f`, `-k`, `-R`.
pub const FILENAMES: &[Flag] = &[
    Flag::slice("filename", "Files, directories or - for standard input, that name the resources.")
        .short('f'),
    Flag::string("kustomize", "", "Directory with a kustomization. Not together with -f or -R.").short('k'),
    Flag::bool("recursive", "Also read the directories inside those given with -f.").short('R'),
];

/// `-f` alone.
pub const FILENAME: &[Flag] = &[FILENAMES[0]];

/// `-f`, and `-R` where it is on if it is not given.
pub const FILENAMES_RECURSIVE: &[Flag] = &[FILENAMES[0], FILENAMES[2].default("true")];

/// `-l`.
pub const SELECTOR: &[Flag] = &[Flag::string(
    "selector",
    "",
    "Label query to choose by; knows '=', '==', '!=', 'in', 'notin' (e.g. -l key1=value1,key2=value2,key3 in (value3)). All of it must hold.",
)
.short('l')];

/// `--field-selector`.
pub const FIELD_SELECTOR: &[Flag] = &[Flag::string(
    "field-selector",
    "",
    "Field query to choose by; knows '=', '==' and '!=' (e.g. --field-selector key1=value1,key2=value2). The server knows few fields per type.",
)];

/// `-A`.
pub const ALL_NAMESPACES: &[Flag] = &[Flag::bool(
    "all-namespaces",
    "Look in all namespaces; the one of the context and --namespace are then ignored.",
)
.short('A')];

/// `--dry-run`.
pub const DRY_RUN: &[Flag] = &[Flag::string(
    "dry-run",
    "none",
    "Must be \"none\", \"server\" or \"client\". With client, only show what would be sent; with server, send it, but nothing is stored.",
)
.bare("unchanged")];

/// `--record`, of commands that change what may have a history.
pub const RECORD: &[Flag] = &[Flag::bool("record", "Keep the command line in an annotation of the resource")
    .deprecated("--record will be removed in the future")];
