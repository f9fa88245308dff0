package dev.culvert.dataplane.http;

import dev.culvert.model.HeaderMatch;
import dev.culvert.model.decide.RequestFacts;
import dev.culvert.proto.http.RequestRules;
import io.netty.util.AsciiString;

/// A judged request as the router asks about it.
record Facts(Request request, RequestRules.Accepted verdict) implements RequestFacts {
    @Override
    public String host() {
        return verdict.host();
    }

    @Override
    public CharSequence method() {
        return request.method();
    }

    @Override
    public String target() {
        return verdict.target();
    }

    @Override
    public boolean has(HeaderMatch field) {
        String wanted = field.value();
        int count = 0;
        boolean same = true;
        for (int i = 0; i < request.count(); i++) {
            if (AsciiString.contentEqualsIgnoreCase(request.name(i), field.name())) {
                count++;
                same &= wanted == null || wanted.contentEquals(request.value(i));
            }
        }
        return wanted == null ? count > 0 : count == 1 && same;
    }
}
