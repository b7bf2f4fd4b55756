import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileInputStream;
import java.net.http.HttpClient;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.LinkedHashMap;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.EntropyApi;
import org.openapitools.client.api.QrngOpenApiApi;
import org.openapitools.client.api.StatusApi;
import org.openapitools.client.model.BlocksRequest;

/** Draws with the client that openapi-generator made. */
public class Main {
  public static void main(String[] args) throws Exception {
    var store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null);
    var pem = new FileInputStream(System.getenv("QRNG_CA_FILE"));
    store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    var tls = SSLContext.getInstance("TLS");
    tls.init(null, trust.getTrustManagers(), null);

    var client = new ApiClient();
    client.updateBaseUri(System.getenv("QRNG_URL"));
    client.setHttpClientBuilder(HttpClient.newBuilder().sslContext(tls));
    client.setRequestInterceptor(
        request -> request.header("Authorization", "Bearer " + System.getenv("QRNG_API_KEY")));
    var entropy = new EntropyApi(client);
    var limit = (1L << 53) - 1;

    var drawn = new LinkedHashMap<String, Object>();
    drawn.put("hex", entropy.getRandom(null, null, null));
    drawn.put("bytes", entropy.getStream(1000L, null).length());
    drawn.put("floats", entropy.getFloats(100L, null));
    drawn.put("integers", entropy.getIntegers(6L, -limit, limit, true, null));
    drawn.put("capacity", new StatusApi(client).getStatus().getPool().getCapacity());
    var blocks = new BlocksRequest().blockSize(32L).blockCount(2L);
    drawn.put("blocks", new QrngOpenApiApi(client).postEntropy(blocks, null).getEntropy());
    try {
      entropy.getFloats(0L, null);
    } catch (ApiException problem) {
      var errors = new ObjectMapper().readTree(problem.getResponseBody()).get("errors");
      drawn.put("refused", List.of(problem.getCode(), errors.get(0).get("name").asText()));
    }
    System.out.println(new ObjectMapper().writeValueAsString(drawn));
  }
}
