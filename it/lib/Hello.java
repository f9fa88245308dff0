import java.net.Socket;
import javax.net.ssl.SSLContext;

/// Says hello as Java does, and no more: java Hello.java ADDRESS PORT NAME
class Hello {
    public static void main(String[] arguments) throws Exception {
        try (Socket plain = new Socket(arguments[0], Integer.parseInt(arguments[1]))) {
            SSLContext.getDefault().getSocketFactory().createSocket(plain, arguments[2], 443, true).getInputStream().read();
        }
    }
}
