// Where a service that is no HTTP service is, and who may change keys there: from trusted configuration only.

/// How a connection to a database is protected.
public enum ConnectionSecurity: String, Sendable, CaseIterable {
  /// Encrypted, to a server whose certificate is trusted and bears the host's name.
  case full
  /// Encrypted, to a server whose certificate is trusted.
  case certificate
  /// Not encrypted: a socket of this machine, or a network that is trusted.
  case off
}

/// Whoever may change a key, where the key itself may not.
public struct AdminCredential: Sendable, Equatable {
  /// The user.
  public var user: String
  /// The file that holds the password.
  public var file: String
  /// The variable in the file.
  public var variable: String

  /// A credential as given.
  public init(user: String, file: String, variable: String) {
    self.user = user
    self.file = file
    self.variable = variable
  }
}

/// What a program of configuration does for a key.
public enum ProgramRole: String, Sendable, CaseIterable {
  /// Tells whether a value works.
  case verify
  /// Puts a value that we chose in the old one's place.
  case set
  /// Makes a new value and writes it to its output.
  case make
  /// Ends the old value.
  case end
  /// Lists keys: id, a tab, reference; a line each.
  case list
}

/// A service's particulars beyond its address.
public struct ServiceSettings: Sendable, Equatable {
  /// The host, or the directory or path of a socket of this machine where it begins with `/`.
  public var host: String?
  /// The port; nil for the service's own.
  public var port: Int?
  /// The database.
  public var database: String?
  /// The user whose password the key is.
  public var user: String?
  /// How the connection is protected.
  public var security = ConnectionSecurity.full
  /// A file of trusted certificates in the place of the system's.
  public var certificates: String?
  /// Who may change the key; nil where the key may do that itself.
  public var admin: AdminCredential?
  /// Programs, each with its arguments.
  public var programs: [ProgramRole: [String]] = [:]
  /// How long a program may take, in milliseconds.
  public var programTimeoutMs: Int64 = 60_000
  /// Where a person makes and ends keys.
  public var page: String?

  /// Settings without particulars.
  public init() {}
}
