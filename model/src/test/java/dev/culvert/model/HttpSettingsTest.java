package dev.culvert.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HttpSettingsTest {
    @ParameterizedTest
    @CsvSource({
        "/, /api, /api/x, /x",
        "/, /api, /api, /",
        "/, /api, /api/, /",
        "/, /api, /api?a=b, /?a=b",
        "/, /, /x, /x",
        "/v2, /api, /api/x, /v2/x",
        "/v2, /api, /api, /v2",
        "/v2, /api, /api/, /v2/",
        "/v2, /api, /api?a=/api, /v2?a=/api",
        "/v2, /, /, /v2",
        "/v2, /, /x?y, /v2/x?y",
        "/v2, /, *, *",
    })
    void rewrite_target_replacesThePrefixAlone(String replacement, String prefix, String target, String expected) {
        HttpSettings settings =
                new HttpSettings(RequestMatch.ANY, replacement, null, HeaderEdit.NONE, HeaderEdit.NONE, null, 0, 300);

        assertThat(settings.rewrite(prefix, target)).isEqualTo(expected);
        assertThat(HttpSettings.DEFAULT.rewrite(prefix, target)).isSameAs(target);
    }

    @ParameterizedTest
    @CsvSource({
        "https://b.example.com, /x?y=1, https://b.example.com/x?y=1",
        "https://b.example.com, *, https://b.example.com/",
        "https://b.example.com:8443, /, https://b.example.com:8443/",
        "https://b.example.com/, /x, https://b.example.com/",
        "https://b.example.com/new?a, /x, https://b.example.com/new?a",
    })
    void location_urlWithoutPath_keepsTheRequests(String to, String target, String expected) {
        assertThat(new Redirect(to, 302).location(target)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"100, 100", "1 KiB, 1024", "512KiB, 524288", "10 MiB, 10485760", "2 TiB, 2199023255552", "1500, 1500"})
    void byteSize_text_readsBack(String text, long bytes) {
        assertThat(ByteSize.parse(text)).isEqualTo(bytes);
        assertThat(ByteSize.parse(ByteSize.format(bytes))).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({"''", "-1", "1 MB", "KiB", "1.5 MiB", "99999999999", "0x10"})
    void byteSize_other_isNone(String text) {
        assertThat(ByteSize.parse(text)).isEqualTo(-1);
    }
}
