import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Enumeration;
import org.bouncycastle.crypto.util.PBKDF2Config;
import org.bouncycastle.crypto.util.PBKDFConfig;
import org.bouncycastle.crypto.util.ScryptConfig;
import org.bouncycastle.jcajce.BCFKSLoadStoreParameter;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/**
 * Writes the kinds of BCFKS that keytool has no options for, out of the entries
 * of a PKCS #12 store:
 *
 *     java -cp bcprov.jar MakeBCFKS.java IN.p12 PASSWORD FOLDER
 */
public class MakeBCFKS {
    static KeyStore entries;
    static char[] password;

    public static void main(String[] args) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        password = args[1].toCharArray();
        entries = KeyStore.getInstance("PKCS12");
        entries.load(new FileInputStream(args[0]), password);
        String dir = args[2] + "/";
        PBKDFConfig sha512 = new PBKDF2Config.Builder().withIterationCount(2000).withPRF(PBKDF2Config.PRF_SHA512).build();
        PBKDFConfig sha3 = new PBKDF2Config.Builder().withIterationCount(2000).withPRF(PBKDF2Config.PRF_SHA3_512).build();
        PBKDFConfig scrypt = new ScryptConfig.Builder(1024, 4, 1).build();
        BCFKSLoadStoreParameter.EncryptionAlgorithm ccm = BCFKSLoadStoreParameter.EncryptionAlgorithm.AES256_CCM;
        BCFKSLoadStoreParameter.EncryptionAlgorithm kwp = BCFKSLoadStoreParameter.EncryptionAlgorithm.AES256_KWP;
        write(dir + "ccm.bcfks", sha512, ccm, BCFKSLoadStoreParameter.MacAlgorithm.HmacSHA512);
        write(dir + "kwp.bcfks", sha3, kwp, BCFKSLoadStoreParameter.MacAlgorithm.HmacSHA3_512);
        write(dir + "scrypt.bcfks", scrypt, ccm, BCFKSLoadStoreParameter.MacAlgorithm.HmacSHA512);
        sign(dir + "signed.bcfks");
    }

    static KeyStore fill() throws Exception {
        KeyStore out = KeyStore.getInstance("BCFKS", "BC");
        out.load(null, null);
        for (Enumeration<String> e = entries.aliases(); e.hasMoreElements(); ) {
            String alias = e.nextElement();
            if (entries.isKeyEntry(alias)) {
                out.setKeyEntry(alias, entries.getKey(alias, password), password, entries.getCertificateChain(alias));
            } else {
                out.setCertificateEntry(alias, entries.getCertificate(alias));
            }
        }
        return out;
    }

    static void write(String path, PBKDFConfig kdf, BCFKSLoadStoreParameter.EncryptionAlgorithm cipher, BCFKSLoadStoreParameter.MacAlgorithm mac) throws Exception {
        try (FileOutputStream out = new FileOutputStream(path)) {
            fill().store(new BCFKSLoadStoreParameter.Builder(out, password)
                .withStorePBKDFConfig(kdf).withStoreEncryptionAlgorithm(cipher).withStoreMacAlgorithm(mac).build());
        }
    }

    /** The store is encrypted with the empty password, because a signed store takes none. */
    static void sign(String path) throws Exception {
        for (Enumeration<String> e = entries.aliases(); e.hasMoreElements(); ) {
            String alias = e.nextElement();
            if (!entries.isKeyEntry(alias)) {
                continue;
            }
            Certificate[] chain = entries.getCertificateChain(alias);
            PrivateKey own = KeyFactory.getInstance("EC", "BC")
                .generatePrivate(new PKCS8EncodedKeySpec(entries.getKey(alias, password).getEncoded()));
            try (FileOutputStream out = new FileOutputStream(path)) {
                fill().store(new BCFKSLoadStoreParameter.Builder(out, own)
                    .withCertificates(Arrays.copyOf(chain, chain.length, X509Certificate[].class))
                    .withStorePBKDFConfig(new PBKDF2Config.Builder().withIterationCount(2000).withPRF(PBKDF2Config.PRF_SHA512).build())
                    .withStoreSignatureAlgorithm(BCFKSLoadStoreParameter.SignatureAlgorithm.SHA512withECDSA).build());
            }
            return;
        }
    }
}
