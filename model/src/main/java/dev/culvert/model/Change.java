package dev.culvert.model;

import java.util.List;

/// One difference between two models, as the reconciler applies it and `check --diff` prints it.
public sealed interface Change {
    /// An entry that is new.
    record Added(Entry entry) implements Change {
        @Override
        public String toString() {
            return "+ " + entry.label();
        }
    }

    /// An entry that is gone.
    record Removed(Entry entry) implements Change {
        @Override
        public String toString() {
            return "- " + entry.label();
        }
    }

    /// An entry of the same name (listener: the same socket) with other settings.
    record Changed(Entry before, Entry after) implements Change {
        /// What differs, in the order of the settings.
        public List<SettingChange> settings() {
            return SettingChange.between(before.settings(), after.settings());
        }

        @Override
        public String toString() {
            return "~ " + after.label();
        }
    }

    /// A setting of the node itself that a running process cannot take over.
    record NeedsRestart(SettingChange setting) implements Change {
        @Override
        public String toString() {
            return "! needs a restart: " + setting;
        }
    }
}
