//! `completions` and `man`: what a shell and `man` read.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod program;

use std::process::Command;

use program::Program;

#[test]
fn each_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = Program::new("completions").arg(shell).run();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
        for word in ["positive-pay", "idempotency-key", "base-url", "follow-own"] {
            assert!(ended.stdout.contains(word), "{shell}: {word}");
        }
    }
    let error = Program::new("completions ksh").run().error(2);
    assert!(error["message"].as_str().unwrap().contains("ksh"), "{error}");
}

#[cfg(unix)]
#[test]
fn bash_completes_a_command() {
    let script = Program::new("completions bash").run().stdout;
    let complete = "COMP_WORDS=(qbank payments a); COMP_CWORD=2; _qbank qbank a payments; \
                    echo \"${COMPREPLY[@]}\"";
    let Ok(done) = Command::new("bash").arg("-c").arg(format!("{script}\n{complete}")).output()
    else {
        return; // No bash on this machine.
    };
    assert_eq!(String::from_utf8_lossy(&done.stdout), "ach\n", "{done:?}");
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let ended = Program::new("man").run();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("man1");
    let written = Program::new("man --dir").arg(&dir).run();
    assert_eq!((written.code, written.stdout.as_str()), (Some(0), ""), "{written:?}");
    let mut pages: Vec<String> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    assert_eq!(ended.stdout.matches("\n.TH ").count(), pages.len());
    for page in ["qbank.1", "qbank-payments.1", "qbank-payments-ach.1", "qbank-outbox-list.1"] {
        assert!(pages.iter().any(|it| it == page), "{pages:?}");
    }
    let ach = std::fs::read_to_string(dir.join("qbank-payments-ach.1")).unwrap();
    assert!(ach.contains("\\-\\-effective\\-date"), "{ach}");
    assert!(ach.contains("Example: qbank payments ach"), "{ach}");
    assert!(!ach.contains("\\-\\-base\\-url"), "{ach}");
    let program = std::fs::read_to_string(dir.join("qbank.1")).unwrap();
    assert!(program.contains("\\-\\-base\\-url"), "{program}");
    let all: String = ended.stdout;
    assert!(all.contains(&ach) && all.contains(&program));

    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    Program::new("man --dir").arg(&file).run().error(2);
}

/// A wrong configuration is no obstacle to either.
#[test]
fn neither_reads_a_profile() {
    let (_folder, config) = program::file("nonsense");
    for line in ["completions bash", "man"] {
        let ended = Program::new(line).env("QBANK_CONFIG", &config).run();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
}
