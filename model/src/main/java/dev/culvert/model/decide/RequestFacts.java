package dev.culvert.model.decide;

import dev.culvert.model.HeaderMatch;

/// What a request says, as far as it chooses a service. Everything has been judged and normalised before.
public interface RequestFacts {
    /// Its host without a port; case does not matter, one trailing dot neither.
    String host();

    /// Its method, in the case in which it came.
    CharSequence method();

    /// Its target in normal form: the very text that is forwarded.
    String target();

    /// Whether it has the field; where a value is asked for, exactly one field of that name, with this value.
    boolean has(HeaderMatch field);

    /// A request about which nothing but the host is known: GET of the root, without fields.
    static RequestFacts ofHost(String host) {
        return of(host, "/");
    }

    /// GET of a target, without fields.
    static RequestFacts of(String host, String target) {
        return new RequestFacts() {
            @Override
            public String host() {
                return host;
            }

            @Override
            public CharSequence method() {
                return "GET";
            }

            @Override
            public String target() {
                return target;
            }

            @Override
            public boolean has(HeaderMatch field) {
                return false;
            }
        };
    }
}
