package dev.culvert.proto.wireguard;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What computes under one key and cannot do so for two threads at once: as many of them as threads have needed at the
/// same time, of which the first few stay. Any thread may call.
///
/// @param <E> an engine, which holds the key or a state made of it
public final class Engines<E> {
    // More threads than this are made new ones each time, which is slow and right.
    private static final int KEPT = 4;

    private final AtomicReferenceArray<@Nullable E> idle = new AtomicReferenceArray<>(KEPT);
    private final Supplier<E> maker;
    private final Consumer<E> end;
    private volatile boolean destroyed;

    /// @param maker makes an engine
    /// @param end overwrites its key and frees it
    public Engines(Supplier<E> maker, Consumer<E> end) {
        this.maker = maker;
        this.end = end;
    }

    /// An engine that nobody else has until [#give].
    ///
    /// @throws IllegalStateException after [#destroy]
    public E take() {
        if (destroyed) {
            throw new IllegalStateException("cipher was destroyed");
        }
        for (int i = 0; i < KEPT; i++) {
            E engine = idle.getAndSet(i, null);
            if (engine != null) {
                return engine;
            }
        }
        return maker.get();
    }

    /// Takes it back.
    public void give(E engine) {
        for (int i = 0; i < KEPT; i++) {
            if (idle.compareAndSet(i, null, engine)) {
                return;
            }
        }
        end.accept(engine);
    }

    /// Ends all of them; none is with anybody.
    public void destroy() {
        destroyed = true;
        for (int i = 0; i < KEPT; i++) {
            E engine = idle.getAndSet(i, null);
            if (engine != null) {
                end.accept(engine);
            }
        }
    }
}
