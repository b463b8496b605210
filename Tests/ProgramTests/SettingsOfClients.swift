// Settings of editors, of clients for files, databases and mail, and of chat programs.

let clientFiles: [SettingsFile] = [
  SettingsFile(
    "filezilla/recentservers.xml",
    #"""
    <?xml version="1.0" encoding="UTF-8" standalone="yes" ?>
    <FileZilla3>
      <RecentServers>
        <Server>
          <Host>ftp.«host»</Host>
          <Port>21</Port>
          <Protocol>0</Protocol>
          <Type>0</Type>
          <User>«user»</User>
          <Pass encoding="base64">«!password64»</Pass>
          <Logontype>1</Logontype>
        </Server>
      </RecentServers>
    </FileZilla3>
    """#),
  SettingsFile(
    "filezilla/filezilla.xml",
    #"""
    <FileZilla3 version="3.30.0">
      <Settings>
        <Setting name="FTP Proxy host" type="string">proxy.«host»</Setting>
        <Setting name="FTP Proxy user" type="string">«user»</Setting>
        <Setting name="FTP Proxy password" type="string">«!password»</Setting>
        <Setting name="Proxy password" type="string" />
        <Setting name="Master password encryptor" type="string" />
        <Setting name="Last Server Path" type="string">1 0 4 home</Setting>
        <Setting name="Password">«!password»</Setting>
      </Settings>
      <Sites><Server><Host>«host»</Host><User>«user»</User><Pass>«!password»</Pass></Server></Sites>
    </FileZilla3>
    """#),
  SettingsFile(
    "WinSCP.ini",
    #"""
    [Sessions\«user»@files.«host»]
    HostName=files.«host»
    UserName=«user»
    Password=«!HEX:56»
    FSProtocol=2
    """#),
  SettingsFile(
    "sftp-config.json",
    #"""
    {
        // The tab key will cycle through the settings when first created
        "type": "sftp",
        "save_before_upload": true,
        "host": "files.«host»",
        "user": "«user»",
        "password": "«!password»",
        //"port": "22",
        "remote_path": "/var/www/«user»/",
        "ignore_regexes": ["\\.sublime-(project|workspace)", "sftp-config(-alt\\d?)?\\.json"],
        //"ssh_key_file": "~/.ssh/id_rsa",
        "connect_timeout": 30
    }
    """#),
  SettingsFile(
    ".ftpconfig",
    #"""
    {
        "protocol": "ftp",
        "host": "ftp.«host»",
        "port": 21,
        "user": "«user»",
        "pass": "«!password»",
        "promptForPass": false,
        "remote": "/public_html",
        "secure": false,
        "passphrase": "«!password»"
    }
    """#),
  SettingsFile(
    ".remote-sync.json",
    #"""
    {"uploadOnSave": true, "hostname": "web.«host»", "port": "22", "target": "/srv/www", "username": "«user»",
     "password": "«!password»", "transport": "scp"}
    """#),
  SettingsFile(
    ".vscode/sftp.json",
    #"""
    {
      "name": "Production",
      "host": "web.«host»",
      "protocol": "sftp",
      "port": 22,
      "username": "«user»",
      "password": "«!password»",
      "remotePath": "/srv/www",
      "uploadOnSave": true
    }
    """#),
  SettingsFile(
    "deployment-config.json",
    #"""
    {
      "type": "sftp",
      "host": "web.«host»",
      "user": "«user»",
      "password": "«!password»",
      "remotePath": "/srv/www"
    }
    """#),
  SettingsFile(
    ".ftppass",
    #"""
    {"live": {"username": "«user»", "password": "«!password»"}, "key2": {"username": "deploy", "password": "«!password»"}}
    """#),
  SettingsFile(
    ".idea/WebServers.xml",
    #"""
    <?xml version="1.0" encoding="UTF-8"?>
    <project version="4">
      <component name="WebServers">
        <option name="servers">
          <webServer id="«uuid»" name="Live" url="http://www.«host»">
            <fileTransfer host="ftp.«host»" port="21" username="«user»" password="«!hex:48»" accessType="FTP">
              <option name="passiveMode" value="true" />
            </fileTransfer>
          </webServer>
        </option>
      </component>
    </project>
    """#),
  SettingsFile(
    ".idea/dataSources.local.xml",
    #"""
    <component name="dataSourceStorageLocal">
      <data-source name="orders" uuid="«uuid»">
        <secret-storage>master_key</secret-storage>
        <user-name>«user»</user-name>
        <jdbc-url>jdbc:mysql://db.«host»:3306/orders?user=«user»&amp;password=«!password»</jdbc-url>
      </data-source>
    </component>
    """#),
  SettingsFile(
    ".dbeaver-data-sources.xml",
    #"""
    <?xml version="1.0" encoding="UTF-8"?>
    <data-sources>
        <data-source id="postgres-jdbc-15c7a" provider="postgresql" driver="postgres-jdbc" name="orders" save-password="true">
            <connection host="db.«host»" port="5432" database="orders" url="jdbc:postgresql://db.«host»:5432/orders" user="«user»" password="«!base64:24»" type="dev"/>
        </data-source>
    </data-sources>
    """#),
  SettingsFile(
    "robomongo.json",
    #"""
    {
        "autoExpand" : true,
        "connections" : [
            {
                "connectionName" : "orders",
                "credentials" : [
                    {
                        "databaseName" : "admin",
                        "enabled" : true,
                        "mechanism" : "SCRAM-SHA-1",
                        "userName" : "«user»",
                        "userPassword" : "«!password»"
                    }
                ],
                "serverHost" : "mongo.«host»",
                "serverPort" : 27017,
                "ssh" : {
                    "askPassword" : false,
                    "host" : "jump.«host»",
                    "method" : "password",
                    "passphrase" : "«!password»",
                    "privateKeyFile" : "",
                    "userPassword" : "«!password»"
                }
            }
        ]
    }
    """#),
  SettingsFile(
    "confCons.xml",
    #"""
    <Connections Name="Connections" Export="False" Protected="«!base64:88»" ConfVersion="2.5">
      <Node Name="web" Type="Connection" Username="«user»" Domain="" Password="«!base64:64»" Hostname="web.«host»" Protocol="RDP" Port="3389" />
    </Connections>
    """#),
  SettingsFile(
    "web.remmina",
    "[remmina]\nname=web\nprotocol=RDP\nserver=web.«host»\nusername=«user»\npassword=«!base64:24»\nssh_password=\n"),
  SettingsFile(
    "web.rdp", "full address:s:web.«host»\nusername:s:«user»\npassword 51:b:«!HEX:200»\nprompt for credentials:i:0\n"),
  SettingsFile(
    "desk.vnc", "[Connection]\nHost=desk.«host»\nPort=5900\nPassword=«!hex:16»\n[Options]\nUseLocalCursor=1\n"),
  SettingsFile("ultravnc.ini", "[ultravnc]\npasswd=«!HEX:18»\npasswd2=«!HEX:18»\n[admin]\nport=5900\n"),
  SettingsFile(
    ".putty/web.ppk",
    #"""
    «!putty»
    """#),
  SettingsFile(
    ".esmtprc",
    #"""
    identity "«user»@«host»"
    hostname smtp.«host»:587
    username "«user»@«host»"
    password "«!password»"
    starttls required
    """#),
  SettingsFile(
    ".msmtprc",
    #"""
    defaults
    auth           on
    tls            on
    account        work
    host           smtp.«host»
    from           «user»@«host»
    user           «user»
    password       «!password»
    """#),
  SettingsFile(
    "etc/ssmtp/ssmtp.conf",
    "root=«user»@«host»\nmailhub=smtp.«host»:587\nAuthUser=«user»\nAuthPass=«!password»\nUseSTARTTLS=YES\n"),
  SettingsFile(
    "etc/postfix/sasl_passwd", "[smtp.«host»]:587 «user»@«host»:«!password»\nrelay.«host» «user»:«!password»\n"),
  SettingsFile(
    ".muttrc",
    #"""
    set from = "«user»@«host»"
    set imap_user = "«user»"
    set imap_pass = "«!password»"
    set smtp_url = "smtp://«user»@smtp.«host»:587/"
    set smtp_pass = '«!password»'
    set folder = "imaps://imap.«host»:993"
    """#),
  SettingsFile(
    ".fetchmailrc",
    #"""
    poll imap.«host» protocol IMAP
      user "«user»" with password "«!password»" is "«user»" here
      options ssl
    poll pop.«host» proto POP3 user '«user»' there with pass '«!password»'
    """#),
  SettingsFile(
    ".getmail/getmailrc",
    "[retriever]\ntype = SimpleIMAPSSLRetriever\nserver = imap.«host»\nusername = «user»\npassword = «!password»\n"),
  SettingsFile(
    ".offlineimaprc",
    "[Repository remote]\ntype = IMAP\nremotehost = imap.«host»\nremoteuser = «user»\nremotepass = «!password»\n"),
  SettingsFile(
    ".mailrc",
    "set smtp-use-starttls\nset smtp=smtp://smtp.«host»:587\nset smtp-auth-user=«user»\nset smtp-auth-password=«!password»\n"
  ),
  SettingsFile(
    ".irssi/config",
    #"""
    servers = (
      { address = "irc.«host»"; chatnet = "libera"; port = "6697"; use_tls = "yes"; password = "«!password»"; }
    );
    chatnets = {
      libera = {
        type = "IRC";
        nick = "«user»";
        sasl_username = "«user»";
        sasl_password = "«!password»";
        autosendcmd = "/msg nickserv identify «!password» ;wait -freenode 2000";
      };
    };
    """#),
  SettingsFile(
    ".weechat/irc.conf",
    #"""
    [server]
    libera.addresses = "irc.«host»/6697"
    libera.password = "«!password»"
    libera.sasl_username = "«user»"
    libera.sasl_password = "«!password»"
    libera.nicks = "«user»"
    """#),
  SettingsFile(
    "znc.conf",
    #"""
    <User «user»>
    	Admin      = true
    	Nick       = «user»
    	<Pass password>
    		Method = sha256
    		Hash = «?hex:64»
    		Salt = «base62:20»
    	</Pass>
    	<Network libera>
    		Server     = irc.«host» +6697 «?password»
    	</Network>
    </User>
    """#),
  SettingsFile(
    ".purple/accounts.xml",
    "<account version='1.0'>\n  <account>\n    <protocol>prpl-jabber</protocol>\n    <name>«user»@«host»/</name>\n    <password>«!password»</password>\n  </account>\n</account>\n"
  ),
  SettingsFile(
    "ventrilo_srv.ini",
    "[Server]\nName=Games\nPhonetic=Games\nAuth=1\nAdminPassword=«!password»\nPassword=«!password»\nMaxClients=8\n"),
  SettingsFile(
    "ts3server.ini", "machine_id=\ndefault_voice_port=9987\nserveradmin_password=«!password»\ndbplugin=ts3db_mariadb\n"),
  SettingsFile(
    "mumble-server.ini", "database=\nicesecretwrite=«!password»\nport=64738\nserverpassword=«!password»\nusers=100\n"),
  SettingsFile(
    "server.properties", "motd=A server\nenable-rcon=true\nrcon.port=25575\nrcon.password=«!password»\nlevel-seed=\n"),
  SettingsFile(
    "logins.json",
    #"""
    {"nextId":3,"logins":[{"id":1,"hostname":"https://www.«host»","httpRealm":null,"formSubmitURL":"https://www.«host»","usernameField":"user","passwordField":"pass","encryptedUsername":"«?der64»","encryptedPassword":"«!der64»","guid":"{«uuid»}","encType":1,"timeCreated":1511893832101,"timesUsed":1}],"version":2}
    """#),
]
