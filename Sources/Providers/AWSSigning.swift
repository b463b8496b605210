// Amazon's signature for requests that no provider file describes.

public import Secrets
public import Transport

/// Signs requests to Amazon's services.
public enum AWSSigning {
  /// Puts the date and the signature into a request whose body and other headers are final.
  ///
  /// - Parameters:
  ///   - request: the request.
  ///   - service: the service's name in signatures, such as `secretsmanager`.
  ///   - region: such as `eu-central-1`.
  ///   - keyID: the access key's id.
  ///   - secret: the secret access key.
  ///   - seconds: the time, in seconds since 1970.
  public static func sign(
    _ request: inout HTTPRequest, service: String, region: String, keyID: String, secret: Secret, at seconds: Int64
  ) throws(ProviderError) {
    guard let signature = AWSSignature(placeholder: "aws-sigv4:\(service):\(region)") else {
      throw ProviderError(reason: "the region's name holds what no region's name holds")
    }
    try signature.sign(&request, keyID: keyID, secret: secret, at: seconds)
  }
}
