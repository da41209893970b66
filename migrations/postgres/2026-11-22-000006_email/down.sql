DROP TABLE email_proofs;
