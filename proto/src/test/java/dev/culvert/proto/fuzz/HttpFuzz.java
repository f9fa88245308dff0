package dev.culvert.proto.fuzz;

import dev.culvert.proto.http.ForwardedChain;
import dev.culvert.proto.http.Nominations;
import dev.culvert.proto.http.RequestHead;
import dev.culvert.proto.http.RequestPolicy;
import dev.culvert.proto.http.RequestRules;
import dev.culvert.proto.http.ResponseHead;
import dev.culvert.proto.http.ResponseRules;
import dev.culvert.proto.http.testing.Heads;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Heads as codecs split them, from any bytes: the first line says of what kind, the others are fields.
final class HttpFuzz {
    private HttpFuzz() {}

    static void take(byte[] data) {
        String[] lines = new String(data, StandardCharsets.ISO_8859_1).split("\n", -1);
        String[] fields = Arrays.stream(lines)
                .skip(1)
                .filter(line -> line.indexOf(':') >= 0)
                .toArray(String[]::new);
        String first = lines[0];
        if (first.startsWith("!")) {
            ResponseHead head = Heads.response(1, 1, first.length() > 1 ? 100 + first.charAt(1) * 2 : 0, fields);
            ResponseRules rules = new ResponseRules();
            rules.check(head, first.length() > 2, null, 0);
            rules.check(head, false, "dGhlIHNhbXBsZSBub25jZQ==", first.length());
            Nominations.of(head);
            return;
        }
        judge(
                first.startsWith("?")
                        ? Heads.framed(first.substring(1), first.length() % 2 == 0, null, fields)
                        : Heads.request("GET " + first + " HTTP/1.1", fields));
    }

    private static void judge(RequestHead head) {
        new RequestRules(RequestPolicy.DEFAULT).check(head);
        new RequestRules(RequestPolicy.DEFAULT.withGuard().withoutUnderscores()).check(head);
        Nominations.of(head);
        ForwardedChain.client(head, address -> address.isLoopbackAddress());
    }
}
