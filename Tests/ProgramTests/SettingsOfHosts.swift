// Settings of the services of a host: what the files below /etc hold of passwords, keys and their hashes.

let hostFiles: [SettingsFile] = [
  SettingsFile(
    "etc/bind/rndc.key",
    #"""
    key "rndc-key" {
    	algorithm hmac-sha256;
    	secret "«!base64:44»";
    };
    """#),
  SettingsFile(
    "etc/bind/named.conf.local",
    #"""
    key ddns. { algorithm hmac-md5; secret «!base64:24»; };
    zone "«host»" { type master; file "/var/lib/bind/db.«host»"; allow-update { key ddns.; }; };
    controls { inet 127.0.0.1 port 953 allow { 127.0.0.1; } keys { "rndc-key"; }; };
    """#),
  SettingsFile(
    "etc/dhcp/dhcpd.conf",
    #"""
    omapi-port 7911;
    key omapi_key {
      algorithm hmac-md5;
      secret «!base64:88»;
    }
    omapi-key omapi_key;
    """#),
  SettingsFile(
    "etc/postfix/sasl_passwd",
    #"""
    [smtp.«host»]:587 «user»@«host»:«!strong»
    [mail.«host»] «user»:«!strong»
    """#),
  SettingsFile(
    "etc/postfix/mysql-virtual.cf",
    #"""
    user = «user»
    password = «!password»
    hosts = 127.0.0.1
    dbname = mail
    query = SELECT 1 FROM virtual_domains WHERE name='%s'
    """#),
  SettingsFile(
    "etc/exim4/passwd.client",
    #"""
    # password file used when the local exim is authenticating to a remote host as a client.
    *.«host»:«user»@«host»:«!strong»
    """#),
  SettingsFile(
    "etc/dovecot/users",
    #"""
    «user»@«host»:{SHA512-CRYPT}«!crypt6»:5000:5000::/var/mail/«user»::
    «user»@«host»:«!ssha»:5000:5000::/var/mail/x::
    """#),
  SettingsFile(
    "etc/proxychains.conf",
    #"""
    strict_chain
    [ProxyList]
    socks5 10.0.0.5 1080 «user» «!strong»
    """#),
  SettingsFile(
    "etc/apt/auth.conf.d/90repo.conf",
    #"""
    machine apt.«host»
      login «user»
      password «!password»
    """#),
  SettingsFile(
    "etc/apt/apt.conf.d/95proxy",
    #"""
    Acquire::http::Proxy "http://«user»:«!strong»@proxy.«host»:3128/";
    """#),
  SettingsFile(
    "etc/mosquitto/passwd",
    #"""
    «user»:«!mosquitto»
    """#),
  SettingsFile(
    "etc/mosquitto/conf.d/bridge.conf",
    #"""
    connection cloud
    address mqtt.«host»:8883
    remote_username «user»
    remote_password «!password»
    """#),
  SettingsFile(
    "etc/turnserver.conf",
    #"""
    listening-port=3478
    static-auth-secret=«!hex:64»
    realm=turn.«host»
    psql-userdb="host=db dbname=coturn user=«user» password=«!password» connect_timeout=30"
    cli-password=«!password»
    """#),
  SettingsFile(
    "etc/prosody/prosody.cfg.lua",
    #"""
    Component "upload.«host»"
        component_secret = "«!password»"
    sql = { driver = "MySQL", database = "prosody", username = "«user»", password = "«!password»", host = "localhost" }
    """#),
  SettingsFile(
    "etc/freeradius/3.0/clients.conf",
    #"""
    client office {
      ipaddr = 10.0.0.0/8
      secret = «!password»
      shortname = office
    }
    """#),
  SettingsFile(
    "etc/freeradius/users",
    #"""
    «user» Cleartext-Password := "«!password»"
    	Reply-Message := "Hello, %{User-Name}"
    """#),
  SettingsFile(
    "etc/radcli/servers",
    #"""
    radius.«host»      «!strong»
    """#),
  SettingsFile(
    "etc/tacacs+/tac_plus.conf",
    #"""
    key = "«!password»"
    user = «user» {
      login = cleartext "«!password»"
      enable = cleartext "«!password»"
    }
    """#),
  SettingsFile(
    "etc/nut/upsd.users",
    #"""
    [upsmon]
      password = «!password»
      upsmon master
    """#),
  SettingsFile(
    "etc/nut/upsmon.conf",
    #"""
    MONITOR ups@localhost 1 «user» «!strong» master
    """#),
  SettingsFile(
    "etc/icinga2/conf.d/api-users.conf",
    #"""
    object ApiUser "«user»" {
      password = "«!hex:16»"
      permissions = [ "*" ]
    }
    """#),
  SettingsFile(
    "etc/zabbix/zabbix_server.conf",
    #"""
    DBName=zabbix
    DBUser=«user»
    DBPassword=«!password»
    """#),
  SettingsFile(
    "etc/bareos/bareos-dir.d/director.conf",
    #"""
    Director {
      Name = bareos-dir
      Password = "«!base62:33»"
      Messages = Daemon
    }
    """#),
  SettingsFile(
    "etc/corosync/pcmk.conf",
    #"""
    primitive stonith stonith:external/ipmi params hostname=n1 ipaddr=10.0.0.1 userid=«user» passwd=«!password» interface=lan
    """#),
  SettingsFile(
    "etc/keepalived/keepalived.conf",
    #"""
    vrrp_instance VI_1 {
        authentication {
            auth_type PASS
            auth_pass «!password»
        }
    }
    """#),
  SettingsFile(
    "etc/frr/bgpd.conf",
    #"""
    router bgp 65001
     neighbor 10.0.0.2 remote-as 65002
     neighbor 10.0.0.2 password «!password»
    """#),
  SettingsFile(
    "etc/squid/squid.conf",
    #"""
    cache_peer proxy.«host» parent 3128 0 no-query login=«user»:«!strong»
    cachemgr_passwd «!password» all
    """#),
  SettingsFile(
    "etc/munin/plugin-conf.d/munin-node",
    #"""
    [mysql*]
    user root
    env.mysqluser «user»
    env.mysqlpassword «!password»
    env.PGPASSWORD «!password»
    """#),
  SettingsFile(
    "etc/ddclient.conf",
    #"""
    protocol=dyndns2
    server=members.«host»
    login=«user»
    password='«!password»'
    home.«host»
    """#),
  SettingsFile(
    "etc/inadyn.conf",
    #"""
    provider default@no-ip.com {
        username = «user»
        password = «!password»
        hostname = home.«host»
    }
    """#),
  SettingsFile(
    "etc/grub.d/40_custom",
    #"""
    set superusers="root"
    password_pbkdf2 root «!grub»
    """#),
  SettingsFile(
    "etc/openldap/ldap.secret",
    #"""
    «!strong»
    """#),
  SettingsFile(
    "etc/vsftpd/virtual-users.txt",
    #"""
    «user»
    «?strong»
    """#),
  SettingsFile(
    "etc/fstab",
    #"""
    //files.«host»/share /mnt/share cifs username=«user»,password=«!password»,vers=3.0 0 0
    UUID=«uuid» / ext4 errors=remount-ro 0 1
    """#),
  SettingsFile(
    "etc/krb5kdc/kadm5.sh",
    #"""
    kadmin.local -q "addprinc -pw «!strong» «user»/admin@CORP.INTERNAL"
    ktpass /princ HTTP/web@CORP.INTERNAL /mapuser «user» /pass «!strong» /out web.keytab
    """#),
  SettingsFile(
    "etc/powerdns/pdns.conf",
    #"""
    api=yes
    api-key=«!base62:24»
    gmysql-password=«!password»
    webserver-password=«!password»
    """#),
  SettingsFile(
    "etc/lighttpd/htdigest.user",
    #"""
    «user»:realm:«?hex:32»
    """#),
  SettingsFile(
    "etc/nginx/conf.d/api.conf",
    #"""
    proxy_set_header Authorization "Basic «!login64»";
    proxy_set_header X-Api-Key "«!base62:32»";
    secure_link_md5 "$secure_link_expires$uri «?strong»";
    ssl_certificate_key /etc/ssl/private/site.key;
    """#),
  SettingsFile(
    "etc/apache2/conf.d/db.conf",
    #"""
    DBDParams "host=db port=5432 dbname=shop user=«user» password=«!password»"
    AuthLDAPBindDN "cn=«user»,dc=corp"
    AuthLDAPBindPassword "«!password»"
    SetEnv SECRET_KEY «!base62:40»
    CryptoPassphrase «!strong»
    OIDCClientSecret «!base62:40»
    OIDCCryptoPassphrase «!password»
    """#),
  SettingsFile(
    "etc/unrealircd/oper.conf",
    #"""
    oper «user» { class clients; mask *@*; password "«!password»"; operclass netadmin; };
    link hub.«host» { password "«!password»"; class servers; };
    """#),
  SettingsFile(
    "etc/systemd/system/orders.service",
    #"""
    [Service]
    Environment="DB_PASSWORD=«!password»" "DB_USER=«user»"
    Environment=API_TOKEN=«!base62:40»
    ExecStart=/usr/bin/orders --db-password=«!password» --port 8080
    """#),
  SettingsFile(
    "etc/cron.d/backup",
    #"""
    MAILTO=root
    PGPASSWORD=«!password»
    0 3 * * * root mysqldump -u«user» -p«!strong» --all-databases | gzip > /var/backups/db.gz
    """#),
  SettingsFile(
    "etc/openvpn/server/management.conf",
    #"""
    plugin /usr/lib/openvpn/radiusplugin.so
    http-proxy proxy.«host» 8080 /etc/openvpn/auth basic
    sharedsecret=«!password»
    """#),
  SettingsFile(
    "var/lib/znc/configs/znc.conf",
    #"""
    <User «user»>
      Pass = «!znc»
    </User>
    <User «user»>
      <Pass password>
        Hash = «!hex:64»
        Method = SHA256
        Salt = «?alnum:20»
      </Pass>
    </User>
    """#),
]
