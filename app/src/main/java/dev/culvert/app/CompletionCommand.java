package dev.culvert.app;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Prints what a shell needs to complete culvert's commands and options.",
        footer = {
            "",
            "Examples:",
            "  culvert completion bash > ~/.local/share/bash-completion/completions/culvert",
            "  culvert completion zsh > ~/.zfunc/_culvert"
        })
final class CompletionCommand implements Callable<Integer> {
    enum Shell {
        BASH,
        ZSH
    }

    @Parameters(paramLabel = "SHELL", description = "bash or zsh.")
    private Shell shell = Shell.BASH;

    @Override
    public Integer call() {
        String script = AutoComplete.bash("culvert", CulvertCommand.commandLine());
        // zsh finds a function by the file's first line, and reads bash's completions with its own bashcompinit.
        System.out.print(
                switch (shell) {
                    case BASH -> script;
                    case ZSH -> "#compdef culvert\nautoload -U +X bashcompinit && bashcompinit\n" + script;
                });
        return 0;
    }
}
