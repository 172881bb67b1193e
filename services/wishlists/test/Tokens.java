package test;

import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Arrays;
import java.util.Base64;

/** Who signs tokens, as auth does. */
public final class Tokens {
    private final String kid;
    private final KeyPair pair;

    public Tokens(String kid) throws Exception {
        this.kid = kid;
        pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    }

    /** The public key in a set. */
    public String jwks() {
        byte[] der = pair.getPublic().getEncoded();
        return "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"other\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"" + kid + "\",\"x\":\"" + base64(Arrays.copyOfRange(der, der.length - 32, der.length)) + "\"}]}";
    }

    public static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** A token of any header and claims. */
    public String sign(String header, String claims) throws Exception {
        String text = base64(header.getBytes(StandardCharsets.UTF_8)) + "." + base64(claims.getBytes(StandardCharsets.UTF_8));
        Signature s = Signature.getInstance("Ed25519");
        s.initSign(pair.getPrivate());
        s.update(text.getBytes(StandardCharsets.US_ASCII));
        return text + "." + base64(s.sign());
    }

    public String header() {
        return "{\"alg\":\"EdDSA\",\"kid\":\"" + kid + "\"}";
    }

    public static String claims(String subject, String kind, long ends) {
        return "{\"iss\":\"auth\",\"aud\":\"acme\",\"sub\":\"" + subject + "\",\"kind\":\"" + kind + "\",\"exp\":" + (System.currentTimeMillis() / 1000 + ends) + "}";
    }

    public String customer(String subject) throws Exception {
        return sign(header(), claims(subject, "customer", 600));
    }
}
