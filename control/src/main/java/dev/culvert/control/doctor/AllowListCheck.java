package dev.culvert.control.doctor;

import dev.culvert.model.SiteRules;

/// Whether the home agrees to anything at all.
final class AllowListCheck implements Check {
    private final SiteRules rules;

    AllowListCheck(SiteRules rules) {
        this.rules = rules;
    }

    @Override
    public String name() {
        return "allow list";
    }

    @Override
    public Finding run() {
        return rules.allow().isEmpty()
                ? Finding.warn(
                        name(),
                        "is empty: this home lets its gateway reach nothing",
                        "list targets under allow: in site.yaml, such as - 192.168.1.20:8096")
                : Finding.ok(name(), rules.allow().size() + " lines; what is not on it is refused");
    }
}
