package dev.culvert.dataplane.testing;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/// The JDK's TLS as a visitor, which believes every certificate.
public final class TlsClient {
    private TlsClient() {}

    private static final X509TrustManager EVERYBODY = new X509TrustManager() {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    };

    /// A visitor that remembers its sessions.
    public static final class Sessions {
        private final SSLContext context;

        public Sessions(KeyManager... keys) throws GeneralSecurityException {
            context = SSLContext.getInstance("TLS");
            context.init(keys, new TrustManager[] {EVERYBODY}, new SecureRandom());
        }

        /// Connected, with its handshake done.
        public SSLSocket connect(InetSocketAddress to, @Nullable String name) throws IOException {
            return connect(to, name, "http/1.1");
        }

        public SSLSocket connect(InetSocketAddress to, @Nullable String name, String protocol) throws IOException {
            return connect(new Socket(to.getAddress(), to.getPort()), name, to.getPort(), protocol);
        }

        SSLSocket connect(Socket plain, @Nullable String name, int port, String protocol) throws IOException {
            plain.setSoTimeout(20_000);
            String peer = name == null ? "127.0.0.1" : name;
            SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, peer, port, true);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setServerNames(name == null ? List.of() : List.of(new SNIHostName(name)));
            parameters.setApplicationProtocols(new String[] {protocol});
            socket.setSSLParameters(parameters);
            try {
                socket.startHandshake();
            } catch (IOException e) {
                socket.close();
                throw e;
            }
            return socket;
        }
    }

    public static SSLSocket connect(InetSocketAddress to, @Nullable String name)
            throws IOException, GeneralSecurityException {
        return new Sessions().connect(to, name);
    }

    /// The first bytes of a handshake.
    public static byte[] hello(String name) throws GeneralSecurityException, IOException {
        SSLEngine engine = new Sessions().context.createSSLEngine(name, 443);
        engine.setUseClientMode(true);
        ByteBuffer out = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(ByteBuffer.allocate(0), out);
        return Arrays.copyOf(out.array(), out.position());
    }

    /// Sends every byte by itself.
    public static SSLSocket dribbling(InetSocketAddress to, String name) throws IOException, GeneralSecurityException {
        Socket plain = new Socket() {
            @Override
            public OutputStream getOutputStream() throws IOException {
                return new FilterOutputStream(super.getOutputStream()) {
                    @Override
                    public void write(byte[] bytes, int from, int count) throws IOException {
                        for (int i = from; i < from + count; i++) {
                            out.write(bytes[i]);
                            out.flush();
                        }
                    }
                };
            }
        };
        plain.setTcpNoDelay(true);
        plain.connect(to);
        return new Sessions().connect(plain, name, to.getPort(), "http/1.1");
    }

    /// The DNS names of the certificate that the server has shown.
    public static List<String> names(SSLSocket socket) throws IOException, CertificateParsingException {
        X509Certificate shown = (X509Certificate) socket.getSession().getPeerCertificates()[0];
        return shown.getSubjectAlternativeNames().stream()
                .map(entry -> String.valueOf(entry.get(1)))
                .toList();
    }
}
