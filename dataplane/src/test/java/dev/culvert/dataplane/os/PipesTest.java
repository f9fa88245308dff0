package dev.culvert.dataplane.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class PipesTest {
    private static final long MIB = 1 << 20;

    private static long kernels(String name) throws Exception {
        byte[] text = new byte[64];
        try (var in = Files.newInputStream(Path.of("/proc/sys/fs", name))) {
            return Long.parseLong(new String(text, 0, in.read(text), StandardCharsets.US_ASCII).strip());
        }
    }

    @Test
    void budget_ofThisMachine_isHalfOfWhatAUserMayHave() throws Exception {
        Pipes.Budget budget = Pipes.Budget.ofThisMachine();

        long pages = kernels("pipe-user-pages-soft");
        long half = pages == 0 ? Long.MAX_VALUE : pages * 4096 / 2;
        assertThat(budget.size()).isEqualTo(Math.min(MIB, kernels("pipe-max-size")));
        assertThat(budget.left()).isEqualTo(Math.min(32 * MIB, half));
    }

    @Test
    void pipes_asManyAsTheBudgetHas_andNoMore() {
        Pipes pipes = new Pipes(new Pipes.Budget(128 << 10, 384 << 10));
        List<Pipe> taken = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Pipe pipe = Objects.requireNonNull(pipes.take());
            assertThat(pipe.capacity()).isEqualTo(128 << 10);
            taken.add(pipe);
        }

        assertThat(pipes.take()).isNull();

        taken.forEach(pipes::give);
        pipes.close();
    }

    @Test
    void pipe_givenBackWhileOthersAreScarce_isClosed() {
        Pipes.Budget budget = new Pipes.Budget(128 << 10, 256 << 10);
        Pipes mine = new Pipes(budget);
        Pipes others = new Pipes(budget);
        Pipe pipe = Objects.requireNonNull(mine.take());
        Pipe second = Objects.requireNonNull(others.take());

        mine.give(pipe);

        Pipe third = Objects.requireNonNull(others.take());
        others.give(second);
        others.give(third);
        others.close();
        mine.close();
        assertThat(budget.left()).isEqualTo(256 << 10);
    }

    /// Where the kernel grants no more than some pages there is no pipe, and who asks copies.
    @Test
    void pipe_tooSmallToBeWorthIt_isNotTaken() {
        Pipes pipes = new Pipes(new Pipes.Budget(4096, MIB));

        assertThat(pipes.take()).isNull();
    }
}
