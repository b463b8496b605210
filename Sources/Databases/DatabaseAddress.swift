// What is needed to reach a database, and what its answers and failures are, whatever its protocol.

public import Secrets
internal import Transport

/// Where a database is, and how the connection is protected.
public struct DatabaseAddress: Sendable, Equatable {
  /// A name or an address; a path of a socket of this machine where it begins with `/`.
  public var host: String
  /// The port.
  public var port: Int
  /// The database; nil for the server's default.
  public var name: String?
  /// Whether the connection must be encrypted.
  public var isEncrypted: Bool
  /// Whether the certificate must bear the host's name; it must be trusted in any case.
  public var checksHost: Bool
  /// A file of trusted certificates; nil for the system's.
  public var certificates: String?

  /// An address as given.
  public init(
    host: String, port: Int, name: String? = nil, isEncrypted: Bool, checksHost: Bool = true,
    certificates: String? = nil
  ) {
    self.host = host
    self.port = port
    self.name = name
    self.isEncrypted = isEncrypted
    self.checksHost = checksHost
    self.certificates = certificates
  }

  /// Whether it is a socket of this machine.
  public var isSocket: Bool { host.hasPrefix("/") }

  /// `host:port`, or the socket's path.
  public var text: String { isSocket ? host : host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Where Debian and others keep the certificates that the system trusts.
  static let systemCertificates = "/etc/ssl/certs/ca-certificates.crt"
}

/// Why a database did not do what it was asked.
public struct DatabaseError: Error, Sendable, CustomStringConvertible {
  /// What callers tell apart.
  public enum Kind: Sendable {
    /// User and password are refused.
    case denied
    /// The server refused the statement; nothing was changed.
    case refused
    /// Nothing was asked: no connection, or no library.
    case unreachable
    /// The statement was sent, and what became of it is not known.
    case broken
  }
  /// What callers tell apart.
  public var kind: Kind
  /// The server's code; empty where it gave none.
  public var code: String
  /// One sentence, without any value.
  public var reason: String

  /// An error as given.
  public init(_ kind: Kind, code: String = "", _ reason: String) {
    self.kind = kind
    self.code = code
    self.reason = reason
  }
  /// The reason.
  public var description: String { reason }
}

/// An open connection. Used by one thread; closed when it is dropped.
public protocol DatabaseConnection: AnyObject {
  /// Sends a statement, whose bytes may hold a secret, and returns its rows.
  func run(_ statement: [UInt8]) throws(DatabaseError) -> [[String?]]
}

/// Opens connections.
public protocol DatabaseDriver: Sendable {
  /// Connects as a user.
  ///
  /// - Throws: ``DatabaseError`` of kind `denied` only where the server refused that user with that password.
  func connect(
    _ address: DatabaseAddress, user: String, password: Secret
  ) throws(DatabaseError) -> any DatabaseConnection
}

/// Resolves and judges a host before a library is let near it.
enum HostGuard {
  /// The addresses of a host; nil for a socket of this machine.
  static func check(_ address: DatabaseAddress) throws(DatabaseError) -> [String]? {
    if address.isSocket { return nil }
    do throws(TransportError) {
      return try HostLookup.addresses(of: address.host, isEncrypted: address.isEncrypted)
    } catch {
      throw DatabaseError(.unreachable, error.reason)
    }
  }
}
