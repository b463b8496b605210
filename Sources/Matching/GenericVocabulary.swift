// The words that the model knows, by where they stand. A word is one feature: 0 it is not there, 1 it is, 2 it is the
// last of the name. The order is the model's: a new word goes to the end of its list, and the model is trained anew.

/// Words of one kind of place, each with the number of its feature.
final class GenericVocabulary: Sendable {
  private static let bits = 11
  private let hashes: [UInt32]
  private let features: [Int16]
  let words: [String]

  init(_ text: String) {
    words = text.split(separator: " ").map(String.init)
    var hashes = [UInt32](repeating: 0, count: 1 << GenericVocabulary.bits)
    var features = [Int16](repeating: -1, count: 1 << GenericVocabulary.bits)
    for (index, word) in words.enumerated() {
      var hash = GenericHash()
      for byte in word.utf8 { hash.add(byte) }
      var slot = Int(hash.value) & (hashes.count - 1)
      while features[slot] >= 0 { slot = (slot + 1) & (hashes.count - 1) }
      hashes[slot] = hash.value
      features[slot] = Int16(index)
    }
    (self.hashes, self.features) = (hashes, features)
  }

  /// The index of the word of that hash.
  subscript(_ hash: UInt32) -> Int? {
    var slot = Int(hash) & (hashes.count - 1)
    while features[slot] >= 0 {
      if hashes[slot] == hash { return Int(features[slot]) }
      slot = (slot + 1) & (hashes.count - 1)
    }
    return nil
  }

  /// Parts of a name.
  static let name = GenericVocabulary(
    """
    pass password passwd passphrase passcode pwd pw pword secret secrets token tokens key keys apikey api auth authorization \
    authentication authenticate authority author oauth oauth2 cred creds credential credentials private access refresh bearer \
    basic session sessions cookie jwt hmac aes rsa ssh ssl tls cert certificate certs encryption encrypt encrypted encoding \
    decrypt signing signature sign sig salt nonce hash digest seed mnemonic otp totp license app application client consumer \
    user username login admin root db database mysql postgres redis mongo smtp email mail ftp ldap proxy aws azure google github \
    gitlab slack service account bot webhook device shared storage store keystore truststore connection string dsn url uri \
    passport passing passed passive bypass compass id ids name names type types file files path dir field fields column header \
    headers prefix suffix length size min max count limit index label labels text title message msg error hint placeholder \
    regex pattern format valid validation policy rule expire expires expiration expiry ttl timeout time date age interval \
    enabled enable disable required allow reset forgot change update confirm confirmation confirmed old new current strength \
    public pub foreign primary partition sort map value values default list array set object class method function handler \
    provider factory service manager helper util test expected actual example mode grant scope kind version status code event \
    down up press binding tokenizer lexer phrase sha256 md5 sha1 b64 base64 data input output param params request response \
    config settings env var get is has with to from by of for in the my your base hidden form identified csrf xsrf ticket id_token \
    master global local remote server host port domain group role permission accesstoken secretkey accesskey authtoken sid \
    accountkey sas pin code plain raw hashed crypt bcrypt digest algorithm alg block chain room board foreign keyboard keyword \
    keywords keyspace keyframes monkey turkey crypto protected internal external cache sub verify verification challenge state
    """)
  /// Words of the line besides name and value.
  static let line = GenericVocabulary(
    """
    test tests assert asserts expect should equal equals eq mock stub fake example examples import require include from return \
    returns if else elif unless for while func function def fn fun lambda public private protected internal static final const \
    constant let var val readonly string str char int bool bytes byte object new throw throws raise error errors err console log \
    logger print printf println echo export set get put post delete env getenv environ process config configure configuration \
    settings curl wget http https docker run exec mysql mysqldump psql pg redis git ssh sshpass sudo kubectl helm aws user \
    username users login login_as email mail host hostname port database db dbname server url uri describe it context given when \
    then with param params arg args argument type class interface struct enum select insert into values update where identified \
    grant create alter format sprintf true false null nil none undefined key keys name value values id label placeholder message \
    description desc hint title comment todo sha256 sha1 md5 sha512 checksum integrity digest commit version hash uuid guid base64 \
    decode encode encrypt decrypt hex utf8 random generate default option options required the a is of to and or in this that \
    must be your you please enter invalid valid example translation raw text textfield input form field html href src img css \
    color data json xml yaml struct map list array dict tuple some none optional ok override implements extends property \
    attribute attr annotation api auth oauth oauth2 jwt secret secrets password passwords token tokens credential credentials \
    client public_key private_key cert certificate pem rsa signature header headers authorization cookie session request response \
    body payload proxy ldap smtp ftp sftp jdbc redis mongodb amqp connect connection dsn secretkey access account admin root
    """)
  /// Words of the lines round it.
  static let near = GenericVocabulary(
    """
    user username login email host hostname port database db server url endpoint region bucket secret password passwd key keys token id \
    client client_id clientid app account access test tests assert expect mock should enum const case switch type string class \
    struct interface func function def import return public private static name value label title message text description \
    properties required schema example default translation license copyright env environment config configuration settings smtp \
    ldap ftp mysql postgres redis mongo oauth auth credentials proxy service deploy docker image secrets apiversion kind metadata \
    sha256 sha1 md5 hash integrity resolved checksum commit version digest version public_key begin end select insert values
    """)
  /// Words of the callee that wraps the value.
  static let callee = GenericVocabulary(
    """
    some just string str bytes byte buffer from of new secret password token key credential encode decode b64decode base64 env \
    getenv environ get fetch config option options param params prop property field column input string getstring text translate \
    t gettext format sprintf path file read open load require import type assert equal expect eq hash md5 sha1 sha256 encrypt \
    decrypt generate random uuid print log error throw exception append push add set put has contains include match test to utf8 \
    secure securestring literal value with return returns basic bearer auth login connect header cookie parse select query find
    """)
}

/// What a part of a name stands for, so that the model need not learn each word by itself.
enum GenericRole: Int, CaseIterable {
  case none, password, secret, token, key, authorization, digest, user, place, measure, interface, code, nonce

  private var text: String {
    switch self {
    case .none: ""
    case .password:
      "pass password passwd passphrase passcode pwd pw pword psw senha clave mdp kennwort passwort contrasena identified bindpw rootpw userpw dbpw adminpw mypw ftppw psk authtok pepper cleartextpassword"
    case .secret: "secret secrets clientsecret appsecret secretkey consumersecret icesecretread icesecretwrite"
    case .token:
      "token tokens accesstoken authtoken refreshtoken jwt bearer ticket sessionid sessid phpsessid jsessionid"
    case .key: "key keys apikey accesskey privatekey encryptionkey signingkey license sas accountkey storagekey"
    case .authorization: "auth authorization credential credentials cred creds oauth oauth2 basic authentication by"
    case .digest: "hash hashes digest signature checksum md5 sha1 sha2 sha256 sha512 fingerprint hashed"
    case .nonce: "session cookie webhook sig salt nonce hmac crypted challenge state code csrf xsrf"
    case .user: "user username login name id ids email account client app sid uid uuid usr accountname userid clientid"
    case .place:
      "url uri host hostname path file filename dir directory endpoint domain server bucket region port address location folder"
    case .measure:
      """
      type types length size policy format expires expiry expiration ttl timeout time date age lifetime interval enabled required \
      max min count limit index version status scope mode algorithm alg method class kind scheme encoding attempts strength rules within validator validators
      """
    case .interface:
      """
      label text title message msg error err hint placeholder field fields input form button description desc help prompt link header \
      headers prefix suffix reset forgot changed change view screen dialog page icon
      """
    case .code:
      """
      list array map set object function handler callback provider factory service manager helper util generator parser \
      reader writer encoder decoder hasher adapter store config options settings value values data params regex pattern name_prefix
      """
    }
  }

  private static let words = GenericVocabulary(allCases.map(\.text).joined(separator: " "))
  private static let roles = allCases.flatMap { role in role.text.split(separator: " ").map { _ in role } }

  /// What a longer word ends in, in lower case, where it is none of the known words: `dbpassword`, `bindpw`.
  private static let endings: [(role: GenericRole, words: [[UInt8]])] = {
    let texts: [(GenericRole, String)] = [
      (.password, "password passwd passphrase passcode passwort pwd pass"), (.secret, "secret secrets"),
      (.token, "token tokens"), (.key, "key keys"), (.authorization, "credential credentials creds auth"),
    ]
    return texts.map { ($0.0, $0.1.split(separator: " ").map { Array($0.utf8) }) }
  }()
  /// Words that end like that and mean another thing.
  private static let others = GenericVocabulary(
    """
    monkey turkey hockey donkey jockey whiskey hotkey hotkeys compass bypass encompass trespass surpass overpass rspauth foreignkey \
    foreignkeys primarykey primarykeys subkey subkeys sortkey partitionkey cachekey mapkey jsonkey nokey anykey wildkey unauth noauth \
    reauth preauth multipass singlepass onkey keykey curkey newkey oldkey groupkey rowkey pubkey pubkeys publickey publickeys websocketkey keyserver keyservers recvkeys htpasswd chpasswd askpass sshpass
    """)

  /// The role of the word in `range`, whose hash is `hash`.
  static func of(_ hash: UInt32, _ range: Range<Int>, in bytes: Span<UInt8>) -> GenericRole {
    if let index = words[hash] { return roles[index] }
    var end = range.upperBound
    while end > range.lowerBound, Bytes.isDigit(bytes[end - 1]) { end -= 1 }
    guard end - range.lowerBound >= 2, others[hash] == nil else { return .none }
    if end < range.upperBound {
      var stem = GenericHash()
      for at in range.lowerBound..<end { stem.add(bytes[at]) }
      if let index = words[stem.value] { return roles[index] }
    }
    for (role, list) in endings {
      for ending in list where ending.count < end - range.lowerBound {
        let start = end - ending.count
        if ending.indices.allSatisfy({ Bytes.lowered(bytes[start + $0]) == ending[$0] }) { return role }
      }
    }
    return .none
  }
}

/// The roles of a name's parts.
struct GenericRoles {
  var last = GenericRole.none
  var before = GenericRole.none
  /// The most telling: a password before a secret, a token, a key.
  var best = GenericRole.none
  var isPublic = false

  init(_ name: Range<Int>, of bytes: Span<UInt8>) {
    var (last, before, best, isPublic) = (GenericRole.none, GenericRole.none, GenericRole.none, false)
    GenericVector.forEachWord(name, of: bytes, splitsCase: true) { hash, range in
      let role = GenericRole.of(hash, range, in: bytes)
      before = last
      last = role
      if role.tells, best == .none || role.rawValue < best.rawValue { best = role }
      if GenericRoles.publicWords[hash] != nil { isPublic = true }
    }
    (self.last, self.before, self.best, self.isPublic) = (last, before, best, isPublic)
  }

  private static let publicWords = GenericVocabulary(
    """
    public pub publickey pubkey pubkeys publickeytoken pinnedpubkey foreign primary partition websocket socket recv keyserver \
    keyid fingerprint thumbprint
    """)
}

extension GenericRole {
  /// Whether it is a name of secrets by itself.
  var tells: Bool {
    switch self {
    case .password, .secret, .token, .key, .authorization: true
    default: false
    }
  }
}

/// FNV-1a, 32 bits, over lower-case bytes.
struct GenericHash {
  private(set) var value: UInt32 = 0x811c_9dc5
  mutating func add(_ byte: UInt8) { value = (value ^ UInt32(Bytes.lowered(byte))) &* 0x0100_0193 }
}
